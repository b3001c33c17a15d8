/** The bundled command line, as bin/tsrun starts it for every verb but run. */
import { inCheckout } from '../harness/checkout.js';
import { type CommandOptions, execute, type Finished } from '../harness/process.js';
import { temporaryDirectory } from '../harness/temporary.js';

export interface Store {
  env: Record<string, string | undefined>;
  /** Runs the command line to its end, with a store of its own. */
  tsrun(args: readonly string[], options?: CommandOptions): Promise<Finished>;
}

export const line = (args: readonly string[]): string[] => [process.execPath, inCheckout('bin/run.js'), ...args];

export function newStore(): Store {
  const directory = temporaryDirectory();
  const env = {
    ...process.env,
    HOME: directory,
    TSRUN_ROOT: `${directory}/store`,
    TSRUN_RUN_ROOT: `${directory}/run`,
    TSRUN_DEBUG: undefined,
  };
  return { env, tsrun: (args, options = {}) => execute(line(args), { ...options, env: { ...env, ...options.env } }) };
}
