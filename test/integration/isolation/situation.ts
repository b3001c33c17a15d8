/** What fixtures/probe/situation.c prints in a container, without what differs between machines and runs. */
import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { MASKED_PATHS, READONLY_PATHS } from '../../../src/security/paths.js';
import { BOUNDING_MASK } from '../../harness/bounding-set.js';
import type { Identity } from '../../harness/identity.js';
import { probeOf } from '../../harness/probe.js';

/** What is planted around tsrun, and must not be found inside. */
export const CANARY = { key: 'tsrun-canary-key', variable: 'TSRUN_CANARY', group: 4711 } as const;

export const programOf = () => probeOf('fixtures/probe/situation.c');

/** @param socket an abstract one, of this test alone */
export const looking = (socket: string): string[] => ['look', CANARY.key, socket, ...MASKED_PATHS];

/** The start of a command line that has the canaries around it, to be run by the test itself. @param group none where it must not be planted */
export function planted(program: string, socket: string, who: Identity, group: number = CANARY.group): string[] {
  return [program, 'plant', CANARY.key, socket, String(who.uid), String(who.gid), String(group)];
}

/** A container's lines in an order that is always the same. @param text of `look` @param limits /proc/self/limits of its caller */
export function normalised(text: string, limits: string): string {
  const lines = text.trimEnd().split('\n');
  const kept = lines.flatMap((line) => {
    const [word = '', ...rest] = line.split(/\s+/);
    const change = CHANGES[word];
    return change === undefined ? [line.replaceAll('\t', ' ')] : change(rest, line, limits);
  });
  const all = [...kept, ...covers(lines)];
  return `${[...new Set(all)].sort().join('\n')}\n`;
}

type Change = (words: string[], line: string, limits: string) => string[];

const CHANGES: Readonly<Record<string, Change>> = {
  // A range may be of any size.
  map: ([kind, size = '', , inside]) =>
    kind === 'setgroups' || inside === undefined
      ? [`map ${kind} ${size}`]
      : [`map ${kind} ${Number(size) > 1 ? 'many' : 'one'} from ${inside}`],
  status: ([name = '', ...values]) =>
    /^SigQ|^Seccomp_/.test(name) ? [] : [`status ${name} ${values.join(' ').replace(BOUNDING_MASK, 'all')}`],
  attribute: ([name, ...words]) => [
    `attribute ${name} ${words
      .join(' ')
      .replace(/^[0-9a-f]{12}$/, 'SHORT-ID')
      .replace(ownName(), 'the host’s')}`,
  ],
  namespace: ([name = '', link]) => [`namespace ${name} ${link === readlinkSync(`/proc/self/ns/${name}`) ? 'the host’s' : 'its own'}`],
  mount: (_, line) => mount(line),
  limit: (_, line, limits) => (limits.includes(line.slice('limit '.length)) ? [] : [`limit ${line.slice('limit '.length).trimEnd()}`]),
  // --privileged has all that the host has.
  dev: ([name = '', kind]) => (kind === 'link' || NAMES.has(name) ? [`dev ${name} ${kind}`] : ['dev and what the host has']),
  // Where it is not read-only, the host decides.
  write: (_, line) => [line.replace(/^(write a new cgroup) (?!EROFS).*/, '$1 as the host allows')],
  path: () => [],
  // The host's own, where the network is the host's.
  socket: ([what], line) => (what === 'seen' ? [] : [line]),
};

const DEVICES = new Set(['null', 'zero', 'full', 'random', 'urandom', 'tty', 'console', 'ptmx']);
const NAMES = new Set([...DEVICES, 'pts', 'shm', 'mqueue']);
const OWN = new Set(['proc', 'sysfs', 'tmpfs', 'devpts', 'mqueue']);
const FLAGS = /^(r[ow]|nosuid|nodev|noexec|nosymfollow)$/;

function ownName(): string {
  return readFileSync('/proc/sys/kernel/hostname', 'utf8').trim();
}

/** Place, kind and what it forbids; of what is the host's only whether it can be written: its other flags are the host's. mountinfo: proc(5). */
function mount(line: string): string[] {
  const [before = '', after = ''] = line.split(' - ');
  const [, , , , , point = '', flags = '', ...optional] = before.split(' ');
  const [type = '', , ofSystem = ''] = after.split(' ');
  if (isCover(point) || point.startsWith('/sys/devices/')) return [];
  if (point.startsWith('/sys/fs/cgroup')) return [`mount cgroups ${flags.split(',')[0]}`];
  if (point.startsWith('/dev/') && !OWN.has(type)) return DEVICES.has(point.slice('/dev/'.length)) ? [`mount ${point} device`] : [];
  const shown = point === '/' ? 'root' : OWN.has(type) ? type : 'file';
  const forbids = flags.split(',').filter((flag) => (shown === 'file' ? /^r[ow]$/ : FLAGS).test(flag));
  const system = ofSystem.split(',').filter((option) => OWN.has(type) && /^(ro|size=.*|mode=.*|hidepid=.*|subset=.*)$/.test(option));
  return [`mount ${[point, shown, forbids.join(), ...system, ...optional.map((word) => word.split(':')[0])].join(' ')}`];
}

const isCover = (point: string) => [...MASKED_PATHS, ...READONLY_PATHS].includes(point);

/** One line for all masked paths that this host has, one for the read-only ones: other hosts have others. */
function covers(lines: readonly string[]): string[] {
  const found = new Map(lines.filter((line) => line.startsWith('path ')).map((line) => line.split(' ').slice(1) as [string, string]));
  const mounts = new Map(
    lines.filter((line) => line.startsWith('mount ')).map((line) => line.split(' ').slice(5) as [point: string, flags: string]),
  );
  const summary = (what: string, paths: readonly string[], holds: (path: string) => boolean) => {
    const open = paths.filter((path) => existsSync(path) && !holds(path));
    const bare = !paths.some((path) => mounts.has(path));
    return `path ${what}: ${open.length === 0 ? 'all' : bare ? 'none' : `all but ${open.join(' ')}`}`;
  };
  return [
    summary('hidden', MASKED_PATHS, (path) => /^(covered|absent)$/.test(found.get(path) ?? '')),
    summary('read-only', READONLY_PATHS, (path) => /^ro\b/.test(mounts.get(path) ?? '')),
  ];
}
