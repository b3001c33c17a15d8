import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isWhole, systemMounts } from '../../src/rootfs/system.js';

const HOST = `22 27 0:21 / /proc rw,nosuid,nodev,noexec,relatime shared:5 - proc proc rw
23 27 0:22 / /sys rw,relatime - sysfs sysfs rw
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw
31 23 0:28 / /sys/fs/cgroup rw,relatime - cgroup2 cgroup2 rw
32 22 0:30 / /proc/sys/fs/binfmt_misc rw,relatime - autofs systemd-1 rw,fd=29
33 31 0:31 / /sys/kernel/debug/tracing rw,relatime - tracefs tracefs rw`;

const whole = (...lines: string[]) => isWhole(systemMounts([HOST, ...lines].join('\n')));
const changed = (from: string, to: string) => isWhole(systemMounts(HOST.replace(from, to)));

describe('/proc and /sys', () => {
  it('are whole where the kernel has places for mounts', () => {
    assert.ok(whole());
    assert.ok(whole('40 27 0:40 / /process rw,relatime - tmpfs tmpfs rw'));
  });

  it('are what they are whatever is elsewhere, but what the kernel says of them depends on all of their kind', () => {
    const elsewhere = ['50 27 0:22 / /chroot/sys ro,relatime - sysfs sys rw', '51 50 0:60 / /chroot/sys/firmware ro - tmpfs tmpfs ro'];
    assert.ok(whole(...elsewhere));
    assert.equal(systemMounts([HOST, ...elsewhere].join('\n')).length, 4);
  });

  it('are not where anything else lies over or in them, and what the kernel says is asked', () => {
    assert.ok(!whole('40 22 0:40 / /proc/acpi ro,relatime - tmpfs tmpfs ro'));
    assert.ok(!whole('40 22 0:5 /null /proc/kcore rw,nosuid - devtmpfs devtmpfs rw'));
    assert.ok(!whole('40 22 0:21 /sys /proc/sys ro,relatime - proc proc rw'));
    assert.ok(!whole('40 22 0:40 / /proc rw,relatime - tmpfs tmpfs rw'));
    assert.ok(!whole('40 23 0:40 / /sys/firmware ro,relatime - tmpfs tmpfs ro'));
    assert.ok(!changed('/ /proc', '/sub /proc'));
    assert.ok(!changed('/sys rw,relatime', '/sys ro,relatime'));
    assert.ok(!changed('noexec,relatime', 'noexec,noatime'));
    assert.ok(!changed('proc proc rw', 'proc proc rw,hidepid=invisible'));
    assert.ok(!isWhole(systemMounts('')));
  });
});
