/** What each verb does. */

import Attach from '../commands/attach.js';
import Bundle from '../commands/bundle.js';
import Commit from '../commands/commit.js';
import Completion from '../commands/completion.js';
import ContainerPrune from '../commands/container-prune.js';
import Copy from '../commands/copy.js';
import Cp from '../commands/cp.js';
import Create from '../commands/create.js';
import Diff from '../commands/diff.js';
import Doctor from '../commands/doctor.js';
import Events from '../commands/events.js';
import Exec from '../commands/exec.js';
import Export from '../commands/export.js';
import Fsck from '../commands/fsck.js';
import Gc from '../commands/gc.js';
import GenerateSystemd from '../commands/generate-systemd.js';
import Help from '../commands/help.js';
import ImageHistory from '../commands/image-history.js';
import ImageInspect from '../commands/image-inspect.js';
import ImagePrune from '../commands/image-prune.js';
import ImageUnpack from '../commands/image-unpack.js';
import Images from '../commands/images.js';
import Import from '../commands/import.js';
import Inspect from '../commands/inspect.js';
import Kill from '../commands/kill.js';
import Load from '../commands/load.js';
import Login from '../commands/login.js';
import Logout from '../commands/logout.js';
import Logs from '../commands/logs.js';
import Pause from '../commands/pause.js';
import Port from '../commands/port.js';
import Ps from '../commands/ps.js';
import Pull from '../commands/pull.js';
import Push from '../commands/push.js';
import Rename from '../commands/rename.js';
import Restart from '../commands/restart.js';
import Rm from '../commands/rm.js';
import Rmi from '../commands/rmi.js';
import Run from '../commands/run.js';
import Save from '../commands/save.js';
import SearchTags from '../commands/search-tags.js';
import Start from '../commands/start.js';
import Stats from '../commands/stats.js';
import Stop from '../commands/stop.js';
import SystemDf from '../commands/system-df.js';
import SystemPrune from '../commands/system-prune.js';
import SystemReset from '../commands/system-reset.js';
import Tag from '../commands/tag.js';
import Top from '../commands/top.js';
import Unpause from '../commands/unpause.js';
import Untag from '../commands/untag.js';
import Version from '../commands/version.js';
import VolumeCreate from '../commands/volume-create.js';
import VolumeInspect from '../commands/volume-inspect.js';
import VolumeLs from '../commands/volume-ls.js';
import VolumePrune from '../commands/volume-prune.js';
import VolumeRm from '../commands/volume-rm.js';
import Wait from '../commands/wait.js';
import type { Command } from './command.js';

const COMMANDS: readonly Command[] = [
  Bundle,
  Commit,
  Export,
  Import,
  Help,
  ImageInspect,
  ImageHistory,
  SearchTags,
  ImageUnpack,
  Tag,
  Untag,
  Save,
  Load,
  Images,
  Inspect,
  Port,
  Ps,
  Pull,
  Push,
  Copy,
  Rm,
  Rmi,
  Run,
  Attach,
  Create,
  ContainerPrune,
  ImagePrune,
  SystemDf,
  Fsck,
  Gc,
  SystemPrune,
  SystemReset,
  GenerateSystemd,
  Events,
  Top,
  Stats,
  Exec,
  Start,
  Stop,
  Restart,
  Kill,
  Pause,
  Unpause,
  Wait,
  Login,
  Logout,
  Logs,
  Cp,
  Diff,
  Doctor,
  Rename,
  Completion,
  Version,
  VolumeCreate,
  VolumeInspect,
  VolumeLs,
  VolumePrune,
  VolumeRm,
];

export const commandOf: ReadonlyMap<string, Command> = new Map(COMMANDS.map((command) => [command.verb.name, command]));
