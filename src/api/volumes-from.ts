/** What a run's mounts need of what is there already: another container's mounts, and how the host's mounts propagate. */
import { realpathSync } from 'node:fs';
import { type Inherited, readContainerMounts } from '../bundle/user-mounts.js';
import { findContainer, readConfig } from '../container/state.js';
import { TsrunError } from '../errors.js';
import type { StorePaths } from '../paths.js';
import { slot } from '../plan/slot.js';
import type { Mount } from '../spec/runtime.js';
import { mountAt, mountsOf } from '../sys/mount-table.js';

/**
 * `--volumes-from NAME[:ro|rw]`: directories of the host and volumes, with the mode that they have there, or read-only.
 * @throws ERR_TSRUN_CONTAINER_NOT_FOUND, ERR_TSRUN_USAGE, ERR_TSRUN_UNSUPPORTED
 */
export function inheritedMounts(paths: StorePaths, text: string, rm: boolean): Inherited {
  const [name = '', mode = '', ...rest] = text.split(':');
  if (name === '' || rest.length > 0 || !['', 'ro', 'rw', 'z', 'Z'].includes(mode))
    throw new TsrunError('ERR_TSRUN_USAGE', `--volumes-from ${text} is no container with a mode`, {
      subject: text,
      hint: 'write CONTAINER, or CONTAINER:ro',
    });
  const container = findContainer(paths, name);
  const spec = readConfig(container);
  const mounts = readContainerMounts(spec);
  const goes = container.rm && !rm && mounts.find(({ discard }) => discard);
  if (goes)
    throw new TsrunError(
      'ERR_TSRUN_UNSUPPORTED',
      `--volumes-from ${text}: its volume at ${goes.destination} goes when ${container.name} ends`,
      {
        subject: text,
        hint: 'give the volume a name there, or run this container with --rm as well',
      },
    );
  return { spec, mounts, transient: container.rm, readOnly: mode === 'ro' };
}

/**
 * What is mounted on the host later reaches a mount only where the host lets it: on a mount that is shared, or a slave of one.
 * @param mountinfo proc_pid_mountinfo(5)
 * @throws ERR_TSRUN_UNSUPPORTED
 */
export function checkSlaves(mounts: readonly Mount[], mountinfo: () => string): void {
  for (const { source = '', destination, options = [] } of mounts) {
    if (!options.includes('slave') && !options.includes('rslave')) continue;
    const path = resolved(source.replace(slot('cwd'), process.cwd()));
    const above = mountAt(mountsOf(mountinfo()), path);
    if (above === undefined || above.propagates) continue;
    throw new TsrunError(
      'ERR_TSRUN_UNSUPPORTED',
      `${path} is mounted on ${above.point}, which is private: nothing can propagate from it to ${destination}`,
      {
        subject: path,
        hint: `as root: mount --make-rshared ${above.point}; or leave rslave out`,
      },
    );
  }
}

function resolved(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path; // it is missing, or not for us: said when it is opened
  }
}
