/** Mounts that only some commands of a test see: a small disk, another file system, a device. Needs root. */
import { type CommandOptions, execute, type Finished, type Running, start } from './process.js';
import type { Sandbox } from './tsrun.js';

export interface MountNamespace extends AsyncDisposable {
  /** The same place, with every command inside. */
  inside(place: Sandbox): Sandbox;
  /** Runs a script of sh there, as root. */
  asRoot(script: string): Promise<Finished>;
}

/** @param script of sh, which mounts; its arguments are `$1` and so on */
export async function mountNamespace(script: string, args: readonly string[] = []): Promise<MountNamespace> {
  const hold = ['sh', '-euc', `${script}\necho mounted; exec cat`, 'sh', ...args];
  const holder = start(['unshare', '--mount', '--propagation', 'private', ...hold], { input: 'open', timeoutMs: 300_000 });
  await holder.waitFor(/mounted/);
  return {
    inside: (place) => entering(place, holder),
    asRoot: (script) => execute(['nsenter', `--mount=/proc/${holder.pid}/ns/mnt`, 'sh', '-c', script], { cwd: '/' }),
    [Symbol.asyncDispose]: async () => {
      holder.child.stdin?.end();
      await holder.finished;
    },
  };
}

function entering(place: Sandbox, { pid }: Running): Sandbox {
  const { uid, gid } = place.identity;
  const enter = ['nsenter', `--mount=/proc/${pid}/ns/mnt`, 'setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'];
  const command = (line: readonly string[], options: CommandOptions = {}) =>
    start([...enter, ...line], { cwd: '/', ...options, env: { ...place.env, ...options.env } });
  return {
    ...place,
    command,
    start: (args, options) => command([place.program, ...args], options),
    tsrun: (args, options) => command([place.program, ...args], options).finished,
  };
}
