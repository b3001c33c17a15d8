/** Runs a command on a real pty: what a person at a terminal does and sees. pty.c holds the terminal. */

import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { inCheckout } from './checkout.js';
import { type CommandOptions, type Finished, start } from './process.js';
import { withinReach } from './reach.js';
import { Screen } from './screen.js';

export interface Terminal {
  readonly pid: number;
  /** Everything received so far, escape sequences and all. */
  output(): string;
  /** The same as a person sees it. */
  screen(): Screen;
  /** Types; `\r` is the enter key, `\x03` ^C, `\x04` ^D. */
  type(text: string): void;
  /** The window is dragged to another size: SIGWINCH. */
  resize(rows: number, columns: number): void;
  /** Which of icanon, echo, isig and opost are on: all of them on a terminal that was left as it was found. */
  modes(): Promise<string[]>;
  /** Waits until the output (not the screen) matches. */
  waitFor(pattern: RegExp): Promise<RegExpMatchArray>;
  /** Exit status, 128+n after a signal. */
  finished: Promise<Finished>;
}

export interface TerminalOptions extends Omit<CommandOptions, 'input'> {
  rows?: number;
  columns?: number;
}

/** The modes of a fresh terminal. */
export const COOKED = ['icanon', 'echo', 'isig', 'opost'];

/** Starts a command on a terminal of its own, 24 by 80 unless said otherwise, TERM=xterm-256color. */
export async function openTerminal(command: readonly string[], options: TerminalOptions = {}): Promise<Terminal> {
  const { rows = 24, columns = 80, env = { ...process.env }, ...rest } = options;
  const program = withinReach(await ptyProgram());
  const running = start([program, String(rows), String(columns), ...command], {
    ...rest,
    env: { TERM: 'xterm-256color', ...env },
    input: 'open',
    extraDescriptors: 1,
  });
  const control = running.child.stdio[3] as Duplex;
  control.on('error', () => {});
  return {
    pid: running.pid,
    output: running.stdout,
    screen: () => {
      const screen = new Screen();
      screen.write(running.stdout());
      return screen;
    },
    type: (text) => running.child.stdin?.write(text),
    resize: (height, width) => control.write(`size ${height} ${width}\n`),
    modes: async () => {
      // The terminal may just have been set by what ran a moment ago.
      await pause(20);
      control.write('modes\n');
      const [answer] = await once(control, 'data');
      return String(answer).trim().split(' ').filter(Boolean);
    },
    waitFor: (pattern) => running.waitFor(pattern),
    finished: running.finished,
  };
}

let built: Promise<string> | undefined;

/** Compiled once per checkout, by the rules of the helper. */
function ptyProgram(): Promise<string> {
  built ??= (async () => {
    const native: typeof import('../../scripts/native.mjs') = await import(inCheckout('scripts/native.mjs'));
    const source = inCheckout('test/harness/pty.c');
    const output = inCheckout('build/harness/pty');
    if (native.isStale(output, [source])) await native.compile({ sources: [source], output });
    return output;
  })();
  return built;
}
