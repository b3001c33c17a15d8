/**
 * Standard streams as operations. With a terminal there is a pty inside the container, relayed; without one a stream that is the
 * caller's terminal becomes a pipe, relayed, so that the container cannot read what is typed; all else is passed straight.
 */
import type { Operation } from './operations.js';

/** Which of the caller's streams are terminals. */
export interface StdioFacts {
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
}

export interface StreamOptions {
  /** `-t` */
  terminal: boolean;
  /** `-i` */
  interactive: boolean;
  callers: StdioFacts;
  /** Who owns the pty inside. */
  uid: number;
  gid: number;
}

export interface StreamOperations {
  /** Parent, before the clone. */
  prepare: Operation[];
  /** Parent, after the clone: its copies of the child's ends would hide an end of file. */
  release: Operation[];
  /** Parent, once the child has its root. */
  connect: Operation[];
  /** Child, after /dev is there and before the pivot. */
  inside: Operation[];
}

const CLOSE = 1;
const TYPE_EOF = 2;
const FATAL = 4;

export function streamOperations(options: StreamOptions): StreamOperations {
  return options.terminal ? terminal(options) : plain(options);
}

function terminal({ interactive, callers, uid, gid }: StreamOptions): StreamOperations {
  const sized = (['stdin', 'stdout', 'stderr'] as const).find((name) => callers[name]);
  const typing = interactive && callers.stdin;
  return {
    prepare: [],
    release: [],
    connect: [
      ['receive-descriptor', 'child', 'pty'],
      ...(sized ? ([['window-size', sized, 'pty']] satisfies Operation[]) : []),
      ...(typing ? ([['terminal', 'stdin', 'pty']] satisfies Operation[]) : []),
      ...(interactive ? ([['relay', 'stdin', 'pty', TYPE_EOF]] satisfies Operation[]) : []),
      ['relay', 'pty', 'stdout', FATAL],
      ['send', 'child', 'ready'],
    ],
    inside: [
      ['pty-at', 'root', 'pty'],
      ['chown-descriptor', 'pty.slave', uid, gid],
      ['console-at', 'root', 'pty.slave'],
      ['send-descriptor', 'parent', 'pty.master'],
      ['await', 'parent', 'ready'],
      ['dup', 0, 'pty.slave'],
      ['dup', 1, 'pty.slave'],
      ['dup', 2, 'pty.slave'],
      ['controlling-terminal', 'pty.slave'],
    ],
  };
}

function plain({ interactive, callers }: StreamOptions): StreamOperations {
  const streams: StreamOperations = { prepare: [], release: [], connect: [], inside: [] };
  if (!interactive) streams.inside.push(['dup', 0, 'null']);
  else if (callers.stdin) {
    streams.prepare.push(['pipe', 'in']);
    streams.release.push(['close', 'in.read']);
    streams.connect.push(['relay', 'stdin', 'in.write', CLOSE], ['close', 'in.write']);
    streams.inside.push(['dup', 0, 'in.read']);
  }
  for (const [name, target] of [
    ['stdout', 1],
    ['stderr', 2],
  ] as const) {
    if (callers[name]) {
      streams.prepare.push(['pipe', name]);
      streams.release.push(['close', `${name}.write`]);
      streams.connect.push(['relay', `${name}.read`, name, FATAL]);
      streams.inside.push(['dup', target, `${name}.write`]);
    } else if (name === 'stdout') streams.connect.push(['watch', 'stdout']);
  }
  return streams;
}
