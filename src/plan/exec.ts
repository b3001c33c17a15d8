/** `exec` as a launch plan: a process of the caller's enters a running container. Pure. */
import type { IdMapping } from '../security/idmap.js';
import type { LandlockRules } from '../security/landlock.js';
import type { Namespace, Seccomp, Process as SpecProcess } from '../spec/runtime.js';
import { type Confined, confinedChild } from './confined.js';
import { credentialOperations } from './credentials.js';
import { attended, detached } from './detached.js';
import { type EventSource, tellExecEnded, tellExecStarted } from './events.js';
import { becomeRoot, cloneFlags, hostIdOf } from './identity.js';
import { O_PATH_DIRECTORY } from './numbers.js';
import type { Operation, Plan, Process } from './operations.js';
import { enterAsRoot, enterAsUser, KILL_UNHANDLED, passedDescriptors, SECOND_TERM_IS_LAST, searchPath } from './process.js';
import { type Caller, isAttended, streamOperations } from './streams.js';

export interface ExecPlanInput {
  /** The container's first process, as the host counts, and its start in clock ticks since boot: with it the pid names one process. */
  pid: number;
  startTime: number;
  process: SpecProcess;
  /** The container's. */
  events: EventSource;
  /** Those that the container has for itself, or shares with another one; the others are the host's, and so are ours. */
  namespaces: readonly Namespace[];
  ids: IdMapping;
  seccomp?: Seccomp;
  /** The container's own. */
  landlock?: LandlockRules | undefined;
  /** It has no namespaces. */
  confined?: Confined | undefined;
  arch: 'x64' | 'arm64';
  interactive: boolean;
  /** Undefined: it outlives its caller. */
  caller?: Caller;
  /** How many of the caller's descriptors, from 3 on, the command gets. */
  passed?: number;
}

export function compileExecPlan(input: ExecPlanInput): Plan {
  const { caller } = input;
  const open: Operation = ['open-process', input.pid, input.startTime, 'container'];
  const { parent, child } = enteringProcesses(input, caller, [open]);
  if (caller === undefined) return detached([...parent.operations], [child], undefined);
  const terminal = input.process.terminal ?? false;
  return isAttended(caller, terminal, input.interactive)
    ? attended([...parent.operations], [child], { caller, terminal, signals: true, passed: input.passed })
    : { processes: [parent, child] };
}

/** What enters, and as whom. A health check is no event. */
export type Entering = Omit<ExecPlanInput, 'pid' | 'startTime' | 'caller' | 'events'> & { events?: EventSource };

/**
 * The container is the process that is open by that name.
 * @param first what the parent does before anything else
 */
export function enteringProcesses(
  { process, events, namespaces, ids, seccomp, landlock, confined, arch, interactive, passed }: Entering,
  caller: Caller | undefined,
  first: readonly Operation[],
): { parent: Process; child: Process } {
  const attended = isAttended(caller, process.terminal ?? false, interactive);
  const streams = streamOperations({
    terminal: process.terminal ?? false,
    interactive,
    ...(caller ? { callers: caller.streams } : {}),
    recorded: false,
    attended,
    uid: process.user.uid,
    gid: process.user.gid,
    hostUid: hostIdOf(ids.uid, process.user.uid),
  });
  const parent: Operation[] = [
    ['stage', 'prepare'],
    ...first,
    ['stage', 'clone'],
    ['clone', 'child', 0],
    ...(confined ? [] : ([['continued', 'child']] satisfies Operation[])),
    ['stage', 'connect'],
    ...streams.connect,
    ['await-exec', 'child'],
    ['stage', 'run'],
    ...(events ? [tellExecStarted(events, process.args)] : []),
    ['started', 'child'],
    ...(caller === undefined || attended ? ([['notify', 'caller', 'started']] satisfies Operation[]) : []),
    // It is not process 1: what it does not handle ends it.
    ['forward-signals', 'child', caller ? SECOND_TERM_IS_LAST : KILL_UNHANDLED],
    ['wait', 'child'],
    ...(events ? [tellExecEnded(events)] : []),
  ];
  if (confined) {
    const operations = confinedChild(confined, process, streams.inside, { seccomp, arch, passed, entered: 'container' });
    return { parent: { name: 'parent', operations: parent }, child: { name: 'child', operations } };
  }
  const child: Operation[] = [
    ['stage', 'enter'],
    ['die-with-parent'],
    // From the moment that it joins, processes of the container are its neighbours.
    ['undumpable'],
    ['seal', 0],
    ['join', 'container', cloneFlags(namespaces.map(({ type }) => ({ type })))],
    ['continue', 'parent'],
    becomeRoot(ids),
    ['undumpable'],
    ['die-with-parent'],
    ['new-session'],
    ['stage', 'process'],
    ['open', '/', O_PATH_DIRECTORY, 'root'],
    ...streams.inside.filter(([name]) => name !== 'console-at'), // that is the first process's
    enterAsRoot(process),
    ...credentialOperations(process, ids, seccomp, arch, landlock),
    enterAsUser(process),
    ...passedDescriptors(passed),
    ['stage', 'exec'],
    ['exec', process.args, process.env ?? [], searchPath(process)],
  ];
  return { parent: { name: 'parent', operations: parent }, child: { name: 'child', operations: child } };
}
