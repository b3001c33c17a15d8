/**
 * What a container can have of /proc and /sys here. Where nothing hides parts of those around us that is known without a trial; else it
 * is tried once for each boot and each way in which they are hidden.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { writeDurably } from '../content/ingest.js';
import type { StorePaths } from '../paths.js';
import type { SystemForms } from '../plan/system.js';
import { compileSystemTrial } from '../plan/trials.js';
import { textOf } from '../runtime/host-facts.js';
import { type Trial, tryPlan } from '../runtime/trial.js';
import { bootId } from '../sys/boot.js';
import type { Identity } from './identity.js';

const WHOLE: SystemForms = { proc: 'fresh', sys: 'fresh', variables: true };

/** Directories that the kernel keeps empty, for a mount: that hides nothing (proc_create_mount_point, sysfs_create_mount_point). */
const EMPTY = [
  ...['/proc/fs/nfsd', '/proc/openprom', '/proc/sys/fs/binfmt_misc', '/sys/firmware/efi/efivars', '/sys/hypervisor/s390'],
  ...['bpf', 'cgroup', 'fuse/connections', 'pstore', 'resctrl', 'selinux', 'smackfs'].map((name) => `/sys/fs/${name}`),
  ...['config', 'debug', 'security', 'tracing'].map((name) => `/sys/kernel/${name}`),
];

/** Of mountinfo what the kernel looks at: all mounts of procfs and sysfs, wherever they are, and those within (proc_pid_mountinfo(5)). */
export function systemMounts(mountinfo: string): string[] {
  const lines = mountinfo.split('\n').map((line) => {
    const [before = '', after = ''] = line.split(' - ');
    const [, , , root, point = '', options] = before.split(' ');
    return { point, type: after.split(' ')[0], text: `${root} ${point} ${options} ${after}` };
  });
  const all = ['/proc', '/sys', ...lines.filter(({ type }) => type === 'proc' || type === 'sysfs').map(({ point }) => point)];
  const relevant = lines.filter(({ point }) => isWithin(all, point) && !isWithin(EMPTY, point));
  return relevant.map(({ text }) => text);
}

/** One of each, all of it, changed by nothing: who has no rights over a mount may not lift what it forbids either. */
export function isWhole(mounts: readonly string[]): boolean {
  const ours = mounts.filter((mount) => isWithin(['/proc', '/sys'], mount.split(' ')[1] ?? ''));
  const plain = (type: string, place: string) =>
    ours.some((mount) => new RegExp(`^/ ${place} rw,(nosuid,)?(nodev,)?(noexec,)?relatime ${type} \\S+ rw$`).test(mount));
  return ours.length === 2 && plain('proc', '/proc') && plain('sysfs', '/sys');
}

function isWithin(places: readonly string[], point: string): boolean {
  return places.some((place) => point === place || point.startsWith(`${place}/`));
}

export async function findSystem(paths: StorePaths, who: Identity, signal?: AbortSignal): Promise<SystemForms> {
  const mounts = systemMounts(textOf('/proc/self/mountinfo'));
  if (isWhole(mounts)) return WHOLE;
  const place = placeOf(mounts);
  const known = recorded(paths.system, place);
  if (known) return known;
  const { trial, system } = await trySystem(who, signal);
  // What keeps any container from starting is told by its start.
  if (!trial.begun) return WHOLE;
  await writeDurably(paths, paths.system, `${JSON.stringify({ place, system })}\n`);
  return system;
}

/** Nothing of it is recorded. */
export async function trySystem({ ids, mappers }: Identity, signal?: AbortSignal): Promise<{ trial: Trial; system: SystemForms }> {
  const trial = await tryPlan(compileSystemTrial({ ids, mappers }), signal);
  const said = new Set(trial.said.split('\n'));
  const proc = (['fresh', 'subset'] as const).find((form) => said.has(form)) ?? 'bound';
  return { trial, system: { proc, sys: said.has('sys') ? 'fresh' : 'bound', variables: said.has('variables') } };
}

/** What a verdict holds for. A filter or the like may have had a say besides. */
function placeOf(mounts: readonly string[]): string {
  const walls = textOf('/proc/self/status').match(/^(NoNewPrivs|Seccomp\w*):.*$/gm) ?? [];
  const around = [...mounts, ...walls, textOf('/proc/self/attr/current')].join('\n');
  return `${release()} ${bootId()} ${createHash('sha256').update(around).digest('hex')}`;
}

/** A file that says nothing, or something else, means that it is to be tried again. */
function recorded(file: string, place: string): SystemForms | undefined {
  try {
    const { place: of, system } = JSON.parse(readFileSync(file, 'utf8')) as { place?: string; system?: SystemForms };
    return of === place && system && ['fresh', 'subset', 'bound'].includes(system.proc) ? system : undefined;
  } catch {
    return undefined;
  }
}
