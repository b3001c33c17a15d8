/** Commands timed side by side: one of each per round, so that a machine that slows down slows all of them. */
import { spawnSync } from 'node:child_process';

export interface Contender {
  name: string;
  command: readonly string[];
  /** Not timed. */
  before?: () => void;
  after?: () => void;
  /** Milliseconds that are not its own: of the wrapper that it needs here. */
  overhead?: number;
}

export interface Times {
  name: string;
  /** Milliseconds, one for each round, in their order. */
  milliseconds: number[];
}

/** All have run once before: caches are warm. */
export function measure(contenders: readonly Contender[], rounds: number, env: NodeJS.ProcessEnv): Times[] {
  const times = contenders.map(({ name }): Times => ({ name, milliseconds: [] }));
  for (let round = 0; round < rounds; round += 1) {
    for (let place = 0; place < contenders.length; place += 1) {
      // Nobody always comes after the same neighbour.
      const index = (place + round) % contenders.length;
      times[index]?.milliseconds.push(time(contenders[index] as Contender, env));
    }
  }
  return times;
}

function time({ name, command, before, after, overhead = 0 }: Contender, env: NodeJS.ProcessEnv): number {
  before?.();
  const begun = performance.now();
  const { status, signal, stderr, error } = spawnSync(command[0] ?? '', command.slice(1), {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
    timeout: 300_000,
  });
  const milliseconds = performance.now() - begun;
  after?.();
  if (status !== 0) throw new Error(`${name} failed while it was measured (${error?.message ?? signal ?? status}): ${stderr}`);
  return milliseconds - overhead;
}

export interface Spread {
  median: number;
  least: number;
  most: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const median = ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2;
  return { median, least: sorted[0] ?? 0, most: sorted[sorted.length - 1] ?? 0 };
}

/** How many times as long the first took, round by round: what the machine did meanwhile cancels out. */
export function ratioOf(one: Times, other: Times): Spread {
  return spreadOf(one.milliseconds.map((value, round) => value / (other.milliseconds[round] ?? Number.NaN)));
}
