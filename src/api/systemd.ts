/** `generate systemd`: a unit that starts and stops a container, also when the machine begins anew. */
import { settingsOf } from '../container/settings.js';
import { findContainer, readConfig } from '../container/state.js';
import { type RestartWhen, systemdUnit } from '../container/systemd.js';
import { TsrunError } from '../errors.js';
import { checkArguments } from './check-arguments.js';
import type { CommonOptions } from './options.js';
import { openSession } from './session.js';

export type { RestartWhen } from '../container/systemd.js';

export interface SystemdOptions extends CommonOptions {
  /** Name the container by its name and not by its id. */
  byName?: boolean;
  /** systemd's Restart=; default on-failure. */
  restartPolicy?: RestartWhen;
  /** Absolute path of bin/tsrun. */
  program: string;
  /** Directories where the unit finds Node.js and the programs that tsrun uses, with colons between. */
  path: string;
}

/** The text of a user unit, or of root's. @throws ERR_TSRUN_CONTAINER_NOT_FOUND, ERR_TSRUN_UNSUPPORTED for one that is removed when it ends */
export async function generateSystemd(container: string, options: SystemdOptions): Promise<{ file: string; unit: string }> {
  checkArguments({ container }, options);
  const { paths } = openSession(options);
  const found = findContainer(paths, container);
  if (found.rm) throw removesItself(found.name);
  const { stopSignal, stopTimeout } = settingsOf(paths, readConfig(found), found.name);
  const name = options.byName ? found.name : found.id;
  const unit = systemdUnit({
    name,
    image: found.image,
    program: options.program,
    path: options.path,
    data: paths.roots.data,
    run: paths.run,
    restart: options.restartPolicy ?? 'on-failure',
    stopSignal,
    stopTimeout,
  });
  return { file: `container-${name}.service`, unit };
}

function removesItself(name: string): TsrunError {
  return new TsrunError('ERR_TSRUN_UNSUPPORTED', `the container ${name} is removed when it ends`, {
    subject: name,
    hint: 'make one without --rm: tsrun create --name NAME IMAGE',
  });
}
