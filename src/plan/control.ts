/** Plans for containers that somebody else runs: signals, the end, a pause, an attached terminal. Pure. */
import type { IdMapping } from '../security/idmap.js';
import { type EventSource, tell } from './events.js';
import { becomeRoot, cloneFlags } from './identity.js';
import { O_PATH_DIRECTORY } from './numbers.js';
import type { Operation, Plan } from './operations.js';
import { SOCKET } from './streams.js';

/** A process of the host's: its pid with its start (proc(5), /proc/pid/stat field 22), because a pid may be given anew. */
export interface HostProcess {
  pid: number;
  startTime: number;
}

const SIGKILL = 9;
const SIGCONT = 18;
const SIGSTOP = 19;

function only(operations: Operation[]): Plan {
  return { processes: [{ name: 'parent', operations: [['stage', 'control'], ...operations] }] };
}

function open({ pid, startTime }: HostProcess, name: string): Operation {
  return ['open-process', pid, startTime, name];
}

export function compileSignalPlan(process: HostProcess, signal: number): Plan {
  return only([open(process, 'process'), ['signal', 'process', signal]]);
}

/**
 * The runner hands the signal on, so that it knows how the container came to its end.
 * @param patience milliseconds before SIGKILL; -1: none comes
 */
export function compileStopPlan(container: HostProcess, runner: HostProcess, signal: number, patience: number): Plan {
  return only([
    open(container, 'container'),
    open(runner, 'runner'),
    ['signal', 'runner', signal],
    ['await-end', 'container', patience, SIGKILL],
  ]);
}

/** Without namespaces its processes are known by their mark. */
export function compileMarkedPlan(container: HostProcess, mark: number, stops: boolean): Plan {
  return only([open(container, 'container'), ['signal-marked', mark, stops ? SIGSTOP : SIGCONT]]);
}

/**
 * All its processes stop: the first one from outside, the others, which it could start meanwhile, from inside and at once.
 * @param shared its pid namespace is not its alone
 */
export function compilePausePlan(container: HostProcess, ids: IdMapping, shared = false): Plan {
  return shared ? controlMembers(container, SIGSTOP) : control(container, ids, [['signal', 'container', SIGSTOP]], SIGSTOP, []);
}

export function compileUnpausePlan(container: HostProcess, ids: IdMapping, shared = false): Plan {
  return shared ? controlMembers(container, SIGCONT) : control(container, ids, [], SIGCONT, [['signal', 'container', SIGCONT]]);
}

/** Where its pid namespace has others' processes as well: those in its mounts. In this order the pid is still the same process's. */
function controlMembers(container: HostProcess, signal: number): Plan {
  return only([
    ['open', `/proc/${container.pid}/ns/mnt`, 0, 'mnt'],
    open(container, 'container'),
    ['signal-members', 'mnt', 'container', signal],
  ]);
}

function control(container: HostProcess, ids: IdMapping, before: Operation[], signal: number, after: Operation[]): Plan {
  const parent: Operation[] = [
    ['stage', 'control'],
    open(container, 'container'),
    ...before,
    ['clone', 'child', 0],
    ['continued', 'child'],
    ['reap', 'child'],
    ...after,
  ];
  const child: Operation[] = [
    ['stage', 'control'],
    ['die-with-parent'],
    ['undumpable'],
    ['join', 'container', cloneFlags([{ type: 'user' }, { type: 'pid' }])],
    ['continue', 'parent'],
    becomeRoot(ids),
    ['signal-all', signal],
  ];
  return {
    processes: [
      { name: 'parent', operations: parent },
      { name: 'child', operations: child },
    ],
  };
}

export interface AttachPlanInput {
  events: EventSource;
  /** Where its socket lies. */
  runDir: string;
  /** What comes on our standard input is typed. */
  input: boolean;
  /** It has a terminal. */
  terminal: boolean;
  /** So have we, as our standard input. */
  ownTerminal: boolean;
  signals: boolean;
  /** Typed in a row they leave it running. */
  detachKeys: Uint8Array;
}

/** native/attach.c, ATTACH_…. */
const INPUT = 1;
const PTY = 2;
const SIGNALS = 4;
const RAW = 8;
const HIDDEN = 16;
const LEAVES = 32;
const STAYS = 64;

type Attached = Pick<AttachPlanInput, 'input' | 'terminal' | 'ownTerminal' | 'signals'> & {
  hidden?: boolean;
  leaves?: boolean;
  stays?: boolean;
};

/** @param attached hidden: what it prints is not shown; leaves: he goes when his input ends; stays: while it is begun again */
export function attachFlags({ input, terminal, ownTerminal, signals, hidden, leaves, stays }: Attached): number {
  const raw = terminal && ownTerminal && input;
  const manner = (signals ? SIGNALS : 0) | (raw ? RAW : 0) | (hidden ? HIDDEN : 0) | (leaves ? LEAVES : 0) | (stays ? STAYS : 0);
  return (input ? INPUT : 0) | (terminal ? PTY : 0) | manner;
}

export function compileAttachPlan({ events, runDir, detachKeys, ...attached }: AttachPlanInput): Plan {
  const { input, terminal, ownTerminal } = attached;
  return {
    processes: [
      {
        name: 'parent',
        operations: [
          ['stage', 'attach'],
          ['open', runDir, O_PATH_DIRECTORY, 'run-dir'],
          ['connect', 'run-dir', SOCKET, 'connection'],
          tell(events, ['attach']),
          ...(terminal && ownTerminal && input ? ([['raw-terminal', 'stdin']] satisfies Operation[]) : []),
          ['attach-to', 'connection', attachFlags(attached), terminal ? detachKeys : new Uint8Array()],
        ],
      },
    ],
  };
}
