import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { MASKED_PATHS, READONLY_PATHS, readThermalPaths } from '../../src/security/paths.js';

describe('masked and read-only paths', () => {
  it('are the union of docker’s and podman’s of 2026', () => {
    const docker = `/proc/acpi /proc/asound /proc/interrupts /proc/kcore /proc/keys /proc/latency_stats /proc/sched_debug /proc/scsi
      /proc/timer_list /proc/timer_stats /sys/devices/virtual/powercap /sys/firmware`;
    const podman = `/proc/acpi /proc/kcore /proc/keys /proc/latency_stats /proc/sched_debug /proc/scsi /proc/timer_list /proc/timer_stats
      /sys/devices/virtual/powercap /sys/firmware /sys/fs/selinux /proc/interrupts`;
    const union = new Set(`${docker} ${podman}`.split(/\s+/));
    assert.deepEqual([...MASKED_PATHS].sort(), [...union].sort());
    // podman has /proc/asound read-only; masked is more.
    assert.deepEqual([...READONLY_PATHS], ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger']);
  });

  it('name each processor’s thermal_throttle where there is one', () => {
    const cpus = mkdtempSync(join(tmpdir(), 'tsrun-cpus-'));
    for (const path of ['cpu0/thermal_throttle', 'cpu11/thermal_throttle', 'cpu1', 'cpufreq/thermal_throttle'])
      mkdirSync(join(cpus, path), { recursive: true });
    assert.deepEqual(readThermalPaths(cpus), [
      '/sys/devices/system/cpu/cpu0/thermal_throttle',
      '/sys/devices/system/cpu/cpu11/thermal_throttle',
    ]);
    assert.deepEqual(readThermalPaths(join(cpus, 'none')), []);
    rmSync(cpus, { recursive: true });
  });
});
