/** A verb of the helper's asked of Node (an oclif front, `node bin/run.js run`, an alias of two words): bin/tsrun is to start the helper. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { TsrunError } from '../errors.js';
import type { Command } from './command.js';
import type { GLOBAL_FLAGS } from './flags/common.js';
import type { Values } from './flags/flag.js';
import { standardStreams } from './output.js';
import { parse } from './parse.js';
import { printFailure } from './print-error.js';
import type { Verb } from './verb.js';

/** Set for bin/tsrun: if it hands the verb back to Node, it has found no helper. */
const DELEGATED = 'TSRUN_DELEGATED';

const FORWARDED = ['SIGHUP', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'] as const;
/** The terminal sends these to the whole group, the helper included. */
const SHARED = ['SIGINT', 'SIGQUIT', 'SIGTSTP'] as const;

export function defineDriven(verb: Verb): Command {
  return { verb, perform: (words, root) => handOver(verb, words, root) };
}

async function handOver(verb: Verb, words: readonly string[], root: string): Promise<number> {
  try {
    return await delegate(root, verb.name, words);
  } catch (error) {
    const { json, debug } = parse(verb, words).values as Values<typeof GLOBAL_FLAGS>;
    return printFailure(error, standardStreams().stderr, { json, debug: debug || process.env['TSRUN_DEBUG'] === '1' });
  }
}

async function delegate(root: string, verb: string, words: readonly string[]): Promise<number> {
  if (process.env[DELEGATED] !== undefined) {
    throw new TsrunError('ERR_TSRUN_HELPER_MISSING', `there is no native helper for linux-${process.arch} in ${root}`, {
      hint: 'install tsrun with its optional dependencies, or build it in a checkout with `npm run build`',
    });
  }
  // Before the child can be heard of: a signal in between would end us alone. They run in a later turn, when there is a child.
  for (const signal of FORWARDED) process.on(signal, () => child.kill(signal));
  for (const signal of SHARED) process.on(signal, () => {});
  const child = spawn(join(root, 'bin/tsrun'), [verb, ...words], { stdio: 'inherit', env: { ...process.env, [DELEGATED]: '1' } });
  return new Promise((resolve, reject) => {
    child.once('error', (cause) =>
      reject(new TsrunError('ERR_TSRUN_LAUNCH', `cannot start bin/tsrun: ${cause.message}`, { subject: root, cause })),
    );
    child.once('exit', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
}
