/**
 * Standard streams as operations. With a terminal there is a pty inside the container, relayed; without one a stream that is the
 * caller's terminal becomes a pipe, relayed, so that the container cannot read what is typed. So does one that the container's user
 * could not open again by its name (programs write to /dev/stdout), and one that is a file, which he could. All else is passed straight.
 */
import type { Operation } from './operations.js';

type StreamName = 'stdin' | 'stdout' | 'stderr';

/** A standard stream of the caller's. */
export interface StreamFacts {
  type: 'terminal' | 'device' | 'pipe' | 'socket' | 'file';
  /** Its owner, as the host counts. */
  uid: number;
  /** Device and inode: two streams that are one file stay in the order that they were written in. */
  file: string;
  /** `-a` leaves it out: nothing of the container's comes there. */
  detached?: true;
}

export type StdioFacts = Readonly<Record<StreamName, StreamFacts>>;

/** Who is at the other end of a command's streams. */
export interface Caller {
  streams: StdioFacts;
  /** Typed in a row at his terminal they leave the command running without him; none: nothing does. */
  detachKeys?: Uint8Array;
  /** He gives it his input alone, and leaves when that ends. */
  feeds?: true;
}

export interface StreamOptions {
  /** `-t` */
  terminal: boolean;
  /** `-i` */
  interactive: boolean;
  /** Undefined: nobody's. The output goes where it is recorded, input comes from whoever attaches. */
  callers?: StdioFacts;
  /** The output is kept in the log, and others may attach. */
  recorded: boolean;
  /** The caller is one of those who attach: see isAttended. */
  attended?: boolean;
  /** He is only there to give it his input. */
  feeds?: boolean;
  /** It is begun again: who is there is there for all of it. */
  repeated?: boolean;
  /** As whom the command runs: who owns the pty or the pipes inside. */
  uid: number;
  gid: number;
  /** The same user, as the host counts. */
  hostUid: number | undefined;
}

export interface StreamOperations {
  /** Parent, once the child has its root. */
  connect: Operation[];
  /** Child, after /dev is there and before the pivot. */
  inside: Operation[];
}

/** What he types and sees goes through a connection, at whose other end the command lives on: he may leave it. */
export function isAttended(caller: Caller | undefined, terminal: boolean, interactive: boolean): caller is Caller {
  if (caller === undefined || !interactive) return false;
  return caller.feeds || ((caller.detachKeys?.length ?? 0) > 0 && terminal && caller.streams.stdin.type === 'terminal');
}

/** native/context.h, RELAY_… and native/serve.h, SERVE_…. */
const CLOSE = 1;
const TYPE_EOF = 2;
const FATAL = 4;
const SERVE_PTY = 1;
const SERVE_ONCE = 2;

/** Between caller and runner: `.near` is his end. */
export const CONNECTION = 'connection';

const TIE: Operation[] = [['tie', 'caller']];
/** His terminal is raw from here on. */
const MEET: Operation[] = [
  ['notify', 'caller', 'connected'],
  ['await', 'caller', 'attending'],
];
/** Of one who attends all that a container does that is begun again, in front of it. */
export const MEET_ONCE: readonly Operation[] = [...TIE, ...MEET];

/** The caller's streams. */
const LET_GO = ([0, 1, 2] as const).map((fd): Operation => ['dup', fd, 'null']);

/** Of the attach socket, in the directory `run-dir`. */
export const SOCKET = 'attach';

export function streamOperations(options: StreamOptions): StreamOperations {
  return !options.terminal ? plain(options) : options.attended ? attended(options) : terminal(options);
}

/** The runner has a session of its own; the terminal is open to it until its size is known. Who only feeds it is not missed. */
function attended(options: StreamOptions): StreamOperations {
  const sized = options.callers?.stdin.type === 'terminal';
  return {
    connect: [
      ['receive-descriptor', 'child', 'pty'],
      ...(sized ? ([['window-size', 'stdin', 'pty']] satisfies Operation[]) : []),
      ...LET_GO,
      ['relay', 'pty', 'null', FATAL],
      ...(options.recorded
        ? record('pty', 'stdout', 'pty', SERVE_PTY)
        : ([
            ['record', 'pty', 'stdout'],
            ['host', 'pty', SERVE_PTY],
          ] satisfies Operation[])),
      ['admit', `${CONNECTION}.far`],
      ...(options.feeds || options.repeated ? [] : TIE),
      ...(options.repeated ? [] : MEET),
      ['send', 'child', 'ready'],
    ],
    inside: terminalInside(options),
  };
}

function terminal(options: StreamOptions): StreamOperations {
  const { interactive, callers, recorded } = options;
  const sized = (['stdin', 'stdout', 'stderr'] as const).find((name) => callers?.[name].type === 'terminal');
  const typing = interactive && callers?.stdin.type === 'terminal';
  return {
    connect: [
      ['receive-descriptor', 'child', 'pty'],
      ...(sized ? ([['window-size', sized, 'pty']] satisfies Operation[]) : []),
      ...(typing ? ([['terminal', 'stdin', 'pty']] satisfies Operation[]) : []),
      ...(interactive && callers ? ([['relay', 'stdin', 'pty', TYPE_EOF]] satisfies Operation[]) : []),
      ['relay', 'pty', shown('stdout', callers), FATAL],
      ...(recorded ? record('pty', 'stdout', interactive ? 'pty' : 'null', SERVE_PTY) : []),
      ['send', 'child', 'ready'],
    ],
    inside: terminalInside(options),
  };
}

function terminalInside({ uid, gid }: StreamOptions): Operation[] {
  return [
    ['pty-at', 'root', 'pty'],
    ['chown-descriptor', 'pty.slave', uid, gid],
    ['console-at', 'root', 'pty.slave'],
    ['send-descriptor', 'parent', 'pty.master'],
    ['await', 'parent', 'ready'],
    ['dup', 0, 'pty.slave'],
    ['dup', 1, 'pty.slave'],
    ['dup', 2, 'pty.slave'],
    ['controlling-terminal', 'pty.slave'],
  ];
}

function shown(name: 'stdout' | 'stderr', callers: StdioFacts | undefined): string {
  return callers === undefined || callers[name].detached ? 'null' : name;
}

function plain(options: StreamOptions): StreamOperations {
  const { interactive, recorded, feeds } = options;
  const callers = feeds ? undefined : options.callers;
  const streams: StreamOperations = { connect: [], inside: [] };
  const isPassed = (name: StreamName) => callers !== undefined && !callers[name].detached && opensAgain(callers[name], options.hostUid);
  if (!interactive) streams.inside.push(['dup', 0, 'null']);
  else if (!isPassed('stdin')) {
    streams.inside.push(...pipe('in', 'read', 'write', 0, options));
    streams.connect.push(['receive-descriptor', 'child', 'in']);
    if (callers) streams.connect.push(['relay', 'stdin', 'in', CLOSE], ['close', 'in']);
  }
  if (!recorded && isPassed('stdout')) streams.connect.push(['watch', 'stdout']);
  else {
    streams.inside.push(...pipe('out', 'write', 'read', 1, options));
    streams.connect.push(['receive-descriptor', 'child', 'out'], ['relay', 'out', shown('stdout', callers), FATAL]);
    if (recorded) streams.connect.push(...record('out', 'stdout', interactive && !callers ? 'in' : 'null', feeds ? SERVE_ONCE : 0));
    if (interactive && !callers) streams.connect.push(['close', 'in']);
  }
  if (!recorded && isPassed('stderr')) return streams;
  if (callers && callers.stderr.file === callers.stdout.file && callers.stderr.detached === callers.stdout.detached)
    streams.inside.push(['dup', 2, 'out.write']);
  else {
    streams.inside.push(...pipe('err', 'write', 'read', 2, options));
    streams.connect.push(['receive-descriptor', 'child', 'err'], ['relay', 'err', shown('stderr', callers), FATAL]);
    if (recorded) streams.connect.push(['record', 'err', 'stderr']);
  }
  if (feeds) streams.connect.push(['admit', `${CONNECTION}.far`], ...LET_GO, ...MEET);
  return streams;
}

/** @param input where what others type goes */
function record(from: string, stream: 'stdout' | 'stderr', input: string, flags: number): Operation[] {
  return [
    ['record', from, stream],
    ['serve', 'run-dir', SOCKET, input, flags],
  ];
}

/** Made inside, so that it belongs to a user who has no id that the caller could give it. */
function pipe(name: string, own: 'read' | 'write', parents: 'read' | 'write', target: number, { uid, gid }: StreamOptions): Operation[] {
  return [
    ['pipe', name],
    ...(uid === 0 && gid === 0 ? [] : ([['chown-descriptor', `${name}.${own}`, uid, gid]] satisfies Operation[])),
    ['send-descriptor', 'parent', `${name}.${parents}`],
    ['dup', target, `${name}.${own}`],
  ];
}

/**
 * Sockets cannot be opened by a name at all; what belongs to another user is closed to this one; devices are open to all. A file of the
 * host must never be: /proc/self/fd/0 would open it anew, for writing, and its mode and its neighbours could be had as well.
 */
function opensAgain({ type, uid }: StreamFacts, hostUid: number | undefined): boolean {
  return type === 'device' || (type === 'pipe' && uid === hostUid);
}
