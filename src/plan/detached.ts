/** What outlives its caller, or may. */
import { attachFlags } from './control.js';
import type { Operation, Plan, Process } from './operations.js';
import { type Caller, CONNECTION } from './streams.js';

/**
 * A plan within the plan: its first process sees to the others, in a session of its own and with nothing of the caller's. The caller goes
 * when the command runs, or says why it does not.
 * @param printed what it prints then
 */
export function detached(parent: Operation[], others: Process[], printed: string | undefined): Plan {
  const alone: Operation[] = [['leave-descriptors', 0], ['new-session'], ['dup', 0, 'null'], ['dup', 1, 'null'], ['dup', 2, 'null']];
  const caller: Operation[] = [
    ['stage', 'detach'],
    ['detach', 'supervisor', { processes: [{ name: 'parent', operations: [...alone, ...parent] }, ...others] }],
    ['await', 'supervisor', 'started'],
    ...(printed === undefined ? [] : ([['print', 'stdout', printed]] satisfies Operation[])),
  ];
  return { processes: [{ name: 'caller', operations: caller }] };
}

export interface Attendance {
  caller: Caller;
  /** The command has a terminal. */
  terminal: boolean;
  /** His signals are its own. */
  signals: boolean;
  /** It is begun again when it ends. */
  repeated?: boolean;
  /** How many of his descriptors, from 3 on, the command gets. */
  passed?: number | undefined;
  /** A line, for one who only feeds it. */
  printed?: string | undefined;
}

/**
 * The same, with the caller attached from the first byte on. He goes as the command ends; it ends when he is lost; he leaves it running
 * by the keys. One who gives it his input, and nothing else, goes as that ends.
 */
export function attended(
  parent: Operation[],
  others: Process[],
  { caller: who, terminal, signals, repeated = false, passed = 0, printed }: Attendance,
): Plan {
  const { feeds = false, detachKeys = new Uint8Array(), streams } = who;
  const ownTerminal = terminal && streams.stdin.type === 'terminal';
  const hidden = terminal && streams.stdout.detached === true;
  const flags = attachFlags({ input: true, terminal, ownTerminal, signals, hidden: hidden || feeds, leaves: feeds, stays: repeated });
  const alone: Operation[] = [['leave-descriptors', passed], ['close', `${CONNECTION}.near`], ['new-session']];
  const line = ownTerminal && streams.stdout.type === 'terminal' ? printed?.replace('\n', '\r\n') : printed; // a raw one makes nothing of \n
  const raw: Operation[] = ownTerminal ? [['raw-terminal', 'stdin']] : [];
  const caller: Operation[] = [
    ['stage', 'detach'],
    ['socket-pair', CONNECTION],
    ['detach', 'supervisor', { processes: [{ name: 'parent', operations: [...alone, ...parent] }, ...others] }],
    ['close', `${CONNECTION}.far`],
    ['await', 'supervisor', 'connected'],
    ...raw,
    ['send', 'supervisor', 'attending'],
    ['await', 'supervisor', 'started'],
    ...(feeds && line !== undefined ? ([['print', 'stdout', line]] satisfies Operation[]) : []),
    ['stage', 'attach'],
    ['attend', 'supervisor', `${CONNECTION}.near`, flags, ownTerminal ? detachKeys : new Uint8Array()],
  ];
  return { processes: [{ name: 'caller', operations: caller }] };
}
