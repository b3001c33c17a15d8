/** All verbs, in the order that help lists them. */

import { ATTACH } from './flags/attach.js';
import { BUNDLE } from './flags/bundle.js';
import { COMMIT } from './flags/commit.js';
import { COMPLETION } from './flags/completion.js';
import { COPY } from './flags/copy.js';
import { CP } from './flags/cp.js';
import { CREATE } from './flags/create.js';
import { DIFF } from './flags/diff.js';
import { DOCTOR } from './flags/doctor.js';
import { EVENTS } from './flags/events.js';
import { EXEC } from './flags/exec.js';
import { EXPORT } from './flags/export.js';
import { FSCK } from './flags/fsck.js';
import { GC } from './flags/gc.js';
import { GENERATE_SYSTEMD } from './flags/generate-systemd.js';
import { HELP } from './flags/help.js';
import { IMAGE_HISTORY } from './flags/image-history.js';
import { IMAGE_INSPECT } from './flags/image-inspect.js';
import { IMAGE_UNPACK } from './flags/image-unpack.js';
import { IMAGES } from './flags/images.js';
import { IMPORT } from './flags/import.js';
import { INSPECT } from './flags/inspect.js';
import { KILL } from './flags/kill.js';
import { LOAD } from './flags/load.js';
import { LOGIN } from './flags/login.js';
import { LOGOUT } from './flags/logout.js';
import { LOGS } from './flags/logs.js';
import { PAUSE } from './flags/pause.js';
import { PORT } from './flags/port.js';
import { CONTAINER_PRUNE, IMAGE_PRUNE, SYSTEM_PRUNE, SYSTEM_RESET } from './flags/prune.js';
import { PS } from './flags/ps.js';
import { PULL } from './flags/pull.js';
import { PUSH } from './flags/push.js';
import { RENAME } from './flags/rename.js';
import { RESTART } from './flags/restart.js';
import { RM } from './flags/rm.js';
import { RMI } from './flags/rmi.js';
import { RUN } from './flags/run.js';
import { SAVE } from './flags/save.js';
import { SEARCH_TAGS } from './flags/search-tags.js';
import { START } from './flags/start.js';
import { STATS } from './flags/stats.js';
import { STOP } from './flags/stop.js';
import { SYSTEM_DF } from './flags/system-df.js';
import { TAG, UNTAG } from './flags/tag.js';
import { TOP } from './flags/top.js';
import { UNPAUSE } from './flags/unpause.js';
import { VERSION } from './flags/version.js';
import { VOLUME_CREATE, VOLUME_INSPECT, VOLUME_LS, VOLUME_PRUNE, VOLUME_RM } from './flags/volume.js';
import { WAIT } from './flags/wait.js';
import type { Verb } from './verb.js';

export const VERBS: readonly Verb[] = [
  RUN,
  CREATE,
  START,
  EXEC,
  ATTACH,
  LOGS,
  CP,
  DIFF,
  EXPORT,
  COMMIT,
  STOP,
  KILL,
  RESTART,
  WAIT,
  PAUSE,
  UNPAUSE,
  RENAME,
  PULL,
  PUSH,
  COPY,
  IMPORT,
  IMAGES,
  IMAGE_INSPECT,
  IMAGE_HISTORY,
  IMAGE_UNPACK,
  TAG,
  UNTAG,
  SAVE,
  LOAD,
  RMI,
  SEARCH_TAGS,
  LOGIN,
  LOGOUT,
  PS,
  INSPECT,
  PORT,
  RM,
  TOP,
  STATS,
  EVENTS,
  VOLUME_CREATE,
  VOLUME_LS,
  VOLUME_INSPECT,
  VOLUME_RM,
  VOLUME_PRUNE,
  CONTAINER_PRUNE,
  IMAGE_PRUNE,
  SYSTEM_DF,
  FSCK,
  GC,
  SYSTEM_PRUNE,
  SYSTEM_RESET,
  GENERATE_SYSTEMD,
  BUNDLE,
  DOCTOR,
  COMPLETION,
  HELP,
  VERSION,
];

/** The verb of this name or alias. */
export function findVerb(name: string): Verb | undefined {
  return VERBS.find((verb) => namesOf(verb).includes(name));
}

/** Whether two-word names begin with this word: `image`, `container`. */
export function isTopic(word: string): boolean {
  return VERBS.some((verb) => namesOf(verb).some((name) => name.startsWith(`${word} `)));
}

export function namesOf(verb: Verb): string[] {
  return [verb.name, ...(verb.aliases ?? [])];
}
