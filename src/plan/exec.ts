/** `exec` as a launch plan: a process of the caller's enters a running container. Pure. */

import type { IdMapping } from '../security/idmap.js';
import { compileSeccomp } from '../security/seccomp/compile.js';
import type { Seccomp, Process as SpecProcess } from '../spec/runtime.js';
import { credentialOperations } from './credentials.js';
import { becomeRoot, hostIdOf } from './identity.js';
import type { Operation, Plan } from './operations.js';
import { type StdioFacts, streamOperations } from './streams.js';

export interface ExecPlanInput {
  /** The container's first process, as the host counts, and its start in clock ticks since boot: with it the pid names one process. */
  pid: number;
  startTime: number;
  process: SpecProcess;
  ids: IdMapping;
  seccomp?: Seccomp;
  arch: 'x64' | 'arm64';
  /** `-i -t` */
  terminal: boolean;
  callers: StdioFacts;
}

/** setns(2) of a pidfd: user, mount, pid, network, ipc, uts, cgroup. */
const ALL_SEVEN = 0x7e020000;
const O_PATH_DIRECTORY = 0o10200000;

export function compileExecPlan({ pid, startTime, process, ids, seccomp, arch, terminal, callers }: ExecPlanInput): Plan {
  const streams = streamOperations({
    terminal,
    interactive: terminal,
    callers,
    recorded: false,
    uid: process.user.uid,
    gid: process.user.gid,
    hostUid: hostIdOf(ids.uid, process.user.uid),
  });
  const parent: Operation[] = [
    ['stage', 'prepare'],
    ['open-process', pid, startTime, 'container'],
    ['stage', 'clone'],
    ['clone', 'child', 0],
    ['continued', 'child'],
    ['stage', 'connect'],
    ...streams.connect,
    ['await-exec', 'child'],
    ['stage', 'run'],
    ['started', 'child'],
    ['forward-signals', 'child', 0],
    ['wait', 'child'],
  ];
  const child: Operation[] = [
    ['stage', 'enter'],
    ['die-with-parent'],
    // From the moment that it joins, processes of the container are its neighbours.
    ['undumpable'],
    ['seal', 0],
    ['join', 'container', ALL_SEVEN],
    ['continue', 'parent'],
    becomeRoot(ids),
    ['undumpable'],
    ['die-with-parent'],
    ['new-session'],
    ['stage', 'process'],
    ['open', '/', O_PATH_DIRECTORY, 'root'],
    ...streams.inside.filter(([name]) => name !== 'console-at'), // that is the first process's
    ['chdir', process.cwd, 1],
    ...credentialOperations(process, ids, seccomp && compileSeccomp(seccomp, arch)),
    ['chdir', process.cwd, 0],
    ['stage', 'exec'],
    ['exec', process.args, process.env ?? [], '/bin'],
  ];
  return {
    processes: [
      { name: 'parent', operations: parent },
      { name: 'child', operations: child },
    ],
  };
}
