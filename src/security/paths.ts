/** Paths of /proc and /sys that a container must not see or change: the union of docker's and podman's lists of 2026. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Covered by /dev/null or an empty read-only tmpfs. */
export const MASKED_PATHS: readonly string[] = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/interrupts', // tells keystrokes by their timing
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/sys/devices/virtual/powercap', // PLATYPUS, CVE-2020-8694: tells secrets by the power they take
  '/sys/firmware',
  '/sys/fs/selinux',
];

export const READONLY_PATHS: readonly string[] = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

const CPUS = '/sys/devices/system/cpu';

/** Masked too, one for each processor that has it. A fact of the host: `buildSpec` takes the list. */
export function readThermalPaths(cpus: string = CPUS): string[] {
  return entries(cpus)
    .filter((name) => /^cpu\d+$/.test(name) && entries(join(cpus, name)).includes('thermal_throttle'))
    .map((name) => `${CPUS}/${name}/thermal_throttle`)
    .sort();
}

function entries(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return []; // no such processor directory here, so nothing in the container either: it sees the same sysfs
  }
}
