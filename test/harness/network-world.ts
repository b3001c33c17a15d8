/**
 * A host's network for a test alone: a network namespace with an uplink, addresses and default routes that lead nowhere, and a
 * /dev/net/tun that everybody may open. Needs root.
 */
import { type CommandOptions, type Running, start } from './process.js';
import type { Sandbox } from './tsrun.js';

export interface World extends AsyncDisposable {
  /** The same place, with every command inside. */
  inside(place: Sandbox): Sandbox;
  /** As root of the host. */
  asRoot(command: readonly string[], options?: CommandOptions): Running;
}

/** Of the host in there; documentation's addresses (RFC 5737, RFC 3849). */
export const HOST = { four: '198.51.100.2', six: '2001:db8::2' };

const TUN = `mount -t tmpfs none /dev/net -o mode=755; mknod /dev/net/tun c 10 200; chmod 666 /dev/net/tun`;
const UPLINK = `ip link set lo up; ip link add uplink type veth peer name beyond; ip link set beyond up
  ip address add ${HOST.four}/24 dev uplink; ip -6 address add ${HOST.six}/64 dev uplink nodad; ip link set uplink up`;
const ROUTES = 'ip route add default via 198.51.100.1; ip -6 route add default via 2001:db8::1';

export interface WorldOptions {
  /** Default: all three. */
  tun?: boolean;
  uplink?: boolean;
  routes?: boolean;
  /** More for sh to do. */
  script?: string;
}

export async function networkWorld({ tun = true, uplink = true, routes = true, script = '' }: WorldOptions = {}): Promise<World> {
  const lines = [
    tun ? TUN : 'mount -t tmpfs none /dev/net',
    uplink ? UPLINK : 'ip link set lo up',
    uplink && routes ? ROUTES : ':',
    script,
  ];
  const hold = ['sh', '-euc', `${lines.join('\n')}\necho made; exec cat`];
  const holder = start(['unshare', '--mount', '--net', '--propagation', 'private', ...hold], { input: 'open', timeoutMs: 600_000 });
  await holder.waitFor(/made/);
  const enter = ['nsenter', `--mount=/proc/${holder.pid}/ns/mnt`, `--net=/proc/${holder.pid}/ns/net`];
  return {
    inside: (place) => {
      const { uid, gid } = place.identity;
      const drop = ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'];
      const command = (line: readonly string[], options: CommandOptions = {}) =>
        start([...enter, ...drop, ...line], { cwd: '/', ...options, env: { ...place.env, ...options.env } });
      return {
        ...place,
        command,
        start: (args, options) => command([place.program, ...args], options),
        tsrun: (args, options) => command([place.program, ...args], options).finished,
      };
    },
    asRoot: (command, options) => start([...enter, ...command], options),
    [Symbol.asyncDispose]: async () => {
      holder.child.stdin?.end();
      await holder.finished;
    },
  };
}
