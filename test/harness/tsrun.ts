/** bin/tsrun, run as one of the identities with a store and a runtime directory of its own. */
import { chownSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Identity, loginEnvironment } from './identity.js';
import { type NodeVersion, ownNode } from './nodes.js';
import { type CommandOptions, type Finished, type Running, start } from './process.js';
import { installation } from './reach.js';
import { removeTemporary, temporaryDirectory } from './temporary.js';

export interface Sandbox extends AsyncDisposable {
  readonly identity: Identity;
  /** Holds all below; the identity's own, 0700. */
  readonly directory: string;
  readonly home: string;
  /** TSRUN_ROOT and TSRUN_RUN_ROOT. */
  readonly root: string;
  readonly runRoot: string;
  /** A fresh login's, with the two roots and the chosen Node first in PATH. */
  readonly env: Record<string, string>;
  /** The absolute path of bin/tsrun. */
  readonly program: string;
  /** Runs `tsrun ARGS` to its end. */
  tsrun(args: readonly string[], options?: CommandOptions): Promise<Finished>;
  /** Starts `tsrun ARGS`. */
  start(args: readonly string[], options?: CommandOptions): Running;
  /** Runs another command as the same user. */
  command(command: readonly string[], options?: CommandOptions): Running;
}

/** A place for one user to run tsrun in; removed with the test process, or earlier by `await using`. */
export function sandbox(who: Identity, node: NodeVersion = ownNode()): Sandbox {
  if (node.unavailable !== undefined) throw new Error(node.unavailable);
  const directory = temporaryDirectory(who);
  const [home, root, runRoot] = ['home', 'root', 'run'].map((name) => makeFor(who, join(directory, name))) as [string, string, string];
  const login = loginEnvironment(who, home);
  const env = { ...login, PATH: `${dirname(node.path)}:${login['PATH']}`, TSRUN_ROOT: root, TSRUN_RUN_ROOT: runRoot };
  const program = join(installation(), 'bin/tsrun');
  const command = (line: readonly string[], options: CommandOptions = {}) =>
    start(line, { as: who, cwd: home, ...options, env: { ...env, ...options.env } });
  return {
    identity: who,
    directory,
    home,
    root,
    runRoot,
    env,
    program,
    command,
    start: (args, options) => command([program, ...args], options),
    tsrun: (args, options) => command([program, ...args], options).finished,
    [Symbol.asyncDispose]: async () => removeTemporary(directory),
  };
}

function makeFor(who: Identity, path: string): string {
  mkdirSync(path, { mode: 0o700 });
  if (process.getuid?.() === 0) chownSync(path, who.uid, who.gid);
  return path;
}
