/** A machine that has everything, and how to take something away. */
import type { DoctorFacts } from '../../src/doctor/facts.js';
import { type DoctorCheckName, reportOf } from '../../src/doctor/report.js';

const works = { works: true } as const;

export const OS_RELEASES = {
  debian: 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nID=debian\n',
  ubuntu: 'PRETTY_NAME="Ubuntu 24.04.1 LTS"\nNAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\n',
  fedora: 'NAME="Fedora Linux"\nID=fedora\nPRETTY_NAME="Fedora Linux 42 (Workstation Edition)"\n',
  rhel: 'NAME="Red Hat Enterprise Linux"\nID="rhel"\nID_LIKE="fedora"\n',
  alpine: "NAME='Alpine Linux'\nID=alpine\nPRETTY_NAME='Alpine Linux v3.22'\n",
  arch: 'NAME="Arch Linux"\nPRETTY_NAME="Arch Linux"\nID=arch\n',
  suse: 'NAME="openSUSE Tumbleweed"\nID="opensuse-tumbleweed"\nID_LIKE="opensuse suse"\nPRETTY_NAME="openSUSE Tumbleweed"\n',
  unknown: '',
} as const;

/** An ordinary user's with subordinate ids. */
export const WELL: DoctorFacts = {
  host: { uid: 1000, status: '', maxUserNamespaces: '28633\n', usernsClone: '', apparmorRestricts: '' },
  osRelease: OS_RELEASES.debian,
  kernel: '6.12.9-amd64',
  user: 'ada',
  groups: [],
  helper: { path: '/usr/lib/node_modules/@tsrun/linux-x64/tsrun-helper', isRoots: true },
  namespace: works,
  map: { ...works, mode: 'range', byProgram: true, ids: 65537 },
  mappers: {
    newuidmap: { path: '/usr/bin/newuidmap', right: 'setuid' },
    newgidmap: { path: '/usr/bin/newgidmap', right: 'file capability' },
  },
  subordinate: { uids: 65536, gids: 65536, free: 165536 },
  leavesGroups: works,
  proc: works,
  seccomp: works,
  store: { ...works, path: '/home/ada/.local/share/tsrun/v1', type: 'ext4', free: 5 * 2 ** 30 },
  overlay: works,
  runtime: { ...works, path: '/run/user/1000/tsrun', asked: '/run/user/1000', isAsked: true },
  tun: { ...works, exists: true },
  pasta: { ...works, path: '/usr/bin/pasta' },
  landlock: { version: 6 },
  cgroup: { version: 2, path: '/sys/fs/cgroup/user.slice', controllers: ['cpu', 'memory', 'pids'], writable: works },
};

/** A single id, for want of everything that gives more. */
export const SINGLE: Partial<DoctorFacts> = {
  map: { works: true, mode: 'single', byProgram: false, ids: 1 },
  mappers: {},
  subordinate: { uids: 0, gids: 0, free: 165536 },
  groups: [27, 100],
  leavesGroups: { works: false, why: 'set-ids: operation not permitted' },
};

export const failed = (why: string, cure?: string) => ({ works: false, why, ...(cure === undefined ? {} : { cure }) }) as const;

export function report(changes: Partial<DoctorFacts> = {}) {
  const { checks, ...rest } = reportOf({ ...WELL, ...changes });
  const of = (name: DoctorCheckName) => {
    const found = checks.find((check) => check.name === name);
    if (found === undefined) throw new Error(`no check ${name}`);
    return found;
  };
  return { ...rest, checks, of, missing: checks.filter(({ status }) => status === 'missing').map(({ name }) => name) };
}
