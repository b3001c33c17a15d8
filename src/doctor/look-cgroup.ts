/** cgroups(7): which hierarchy there is, and whether our own group may be divided. */
import { join } from 'node:path';
import { compileWriteTrial } from '../plan/trials.js';
import { textOf } from '../runtime/host-facts.js';
import { mountsOf } from '../sys/mount-table.js';
import type { DoctorFacts } from './facts.js';
import { tried } from './try.js';

const PLACE = '/sys/fs/cgroup';

export async function lookAtControlGroups(signal?: AbortSignal): Promise<DoctorFacts['cgroup']> {
  const version = versionOf(mountsOf(textOf('/proc/self/mountinfo')));
  const path = join(PLACE, /^0::(.*)$/m.exec(textOf('/proc/self/cgroup'))?.[1] ?? '/');
  if (version !== 2) return { version, path, controllers: [], writable: { works: false, why: 'not there' } };
  const files = ['cgroup.procs', 'cgroup.subtree_control'].map((name) => join(path, name));
  return {
    version,
    path,
    controllers: textOf(join(path, 'cgroup.controllers')).split(/\s+/).filter(Boolean),
    writable: await tried(() => compileWriteTrial(files), false, signal),
  };
}

function versionOf(mounts: ReturnType<typeof mountsOf>): 0 | 1 | 2 {
  const type = mounts.findLast(({ point }) => point === PLACE)?.type;
  if (type === 'cgroup2') return 2;
  return mounts.some((mount) => mount.type === 'cgroup') ? 1 : 0;
}
