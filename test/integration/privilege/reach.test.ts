/** What the kernel's youngest and most attacked parts say to a container: nothing. And what --privileged is, and is not. */
import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { it } from 'node:test';
import { hostDevices } from '../../../src/api/devices.js';
import { syscallNumbers } from '../../../src/security/seccomp/syscalls.js';
import { identities } from '../../harness/identity.js';
import { describeAs } from '../../harness/place.js';
import { probeOf } from '../../harness/probe.js';
import { describeNetwork } from '../network/place.js';

/** CVE-2021-41133: mounts by other ways than mount. */
const MOUNTS =
  'fsopen fsconfig fsmount fspick open_tree open_tree_attr move_mount mount_setattr mount umount2 pivot_root clone3 open_by_handle_at';
/** CVE-2022-0185, CVE-2021-3493, CVE-2023-0386, CVE-2023-2640, CVE-2024-1086: what a user namespace of one's own gives reach into. */
const YOUNG =
  'unshare setns bpf userfaultfd io_uring_setup io_uring_enter io_uring_register keyctl add_key request_key perf_event_open kexec_load';

for (const who of identities()) {
  describeAs(who, 'what a container reaches', (where) => {
    it('CVE-2021-41133 and the family of CVE-2022-0185: neither mounts nor namespaces nor what is young, unless it is privileged', {
      skip: process.arch !== 'x64' && 'the numbers are those of x86-64',
    }, async () => {
      const program = await probeOf('test/integration/privilege/syscalls.c');
      const bad = '0xffffffffffffffff';
      const names = `${MOUNTS} ${YOUNG}`.split(' ');
      const calls = names.map((name) => `${syscallNumbers('x64').get(name)}:${Array(6).fill(bad).join(':')}`);
      const answers = async (...flags: string[]) => {
        const { stdout, stderr } = await where().run([...flags, '-v', `${program}:/p:ro`, where().image, '/p', 'call', ...calls]);
        assert.equal(stderr, '');
        return stdout.trimEnd().split('\n');
      };
      for (const [index, answer] of (await answers()).entries())
        assert.equal(answer, names[index] === 'clone3' ? 'ENOSYS' : 'EPERM', names[index]);
      const control = await answers('--privileged');
      // A kernel may lack one or the other, and keeps two for its own root.
      const reached = names.filter((_, index) => !['EPERM', 'ENOSYS'].includes(control[index] ?? ''));
      for (const name of ['fsopen', 'open_tree', 'move_mount', 'mount_setattr', 'mount', 'unshare', 'setns', 'clone3', 'keyctl'])
        assert.ok(reached.includes(name), `${name}: ${control[names.indexOf(name)]}`);
    });

    it('no nf_tables: the container’s root may not configure even its own network, unless it was asked for', async () => {
      const program = await probeOf('test/integration/privilege/attempt.c');
      const answer = async (...flags: string[]) =>
        (await where().run([...flags, '-v', `${program}:/p:ro`, where().image, '/p', 'netfilter'])).stdout.trim();
      assert.equal(await answer(), 'EPERM');
      assert.notEqual(await answer('--cap-add', 'NET_ADMIN'), 'EPERM', 'the question is effective');
    });

    it('--privileged is all of its user namespace, the host’s devices, nothing hidden, and nothing of the host’s root', async () => {
      const pattern = readFileSync('/proc/sys/kernel/core_pattern', 'utf8');
      const script = `find /dev -type c -o -type b | sort; echo ==
        grep -cE ' /(proc|sys)/' /proc/self/mountinfo; grep ' /sys ' /proc/self/mountinfo; echo ==
        mkdir /tmp/m && mount -t tmpfs none /tmp/m && echo mounted; unshare -U true && echo nested; hostname other && echo named
        (echo x > /proc/sys/kernel/core_pattern) 2>/dev/null && echo written
        (echo b > /proc/sysrq-trigger) 2>/dev/null && echo triggered
        mknod /tmp/null c 1 3 2>/dev/null && (echo > /tmp/null) 2>/dev/null && echo made; ls /proc | grep -c '^[0-9]'`;
      const [devices = '', mounts = '', done = ''] = (await where().sh(script, ['--privileged'])).split('==\n');
      const inside = new Set(devices.trim().split('\n'));
      const missing = hostDevices().filter(
        ({ destination }) => statSync(destination, { throwIfNoEntry: false }) && !inside.has(destination),
      );
      assert.deepEqual(missing, [], 'as podman’s: all of the host’s that the caller reaches');
      assert.match(mounts, /^[01]\n.* \/sys rw,/, 'only the cgroups lie below');
      assert.match(done, /^mounted\nnested\nnamed\n\d\n$/);
      assert.equal(readFileSync('/proc/sys/kernel/core_pattern', 'utf8'), pattern);
      assert.notEqual(hostname(), 'other');
    });

    it('--disable-userns: no further user namespace, though it has the right to make one', async () => {
      const script = 'unshare -U true 2>&1; (echo 9 > /proc/sys/user/max_user_namespaces) 2>/dev/null || echo fixed';
      const flags = ['--cap-add', 'SYS_ADMIN', '--security-opt', 'systempaths=unconfined'];
      assert.match(await where().sh(script, [...flags, '--disable-userns']), /^unshare: .*No space left on device\nfixed\n$/);
      assert.equal(await where().sh('unshare -U true && echo nested', flags), 'nested\n', 'the attempt is effective');
      const { code, stderr } = await where().run(['--disable-userns', '--cap-add', 'SYS_RESOURCE', where().image, 'true']);
      assert.deepEqual([code, /^tsrun: --(disable-userns|cap-add CAP_SYS_RESOURCE): /.test(stderr)], [125, true], stderr);
    });
  });

  describeNetwork(who, 'a network where there is to be no further user namespace', (where) => {
    for (const stack of ['pasta', 'slirp4netns'])
      it(`begins: ${stack}`, async () => {
        const flags = ['--network', stack, '--disable-userns', '--cap-add', 'SYS_ADMIN'];
        assert.match(
          await where().sh('ls /sys/class/net; unshare -U true 2>&1; true', flags),
          /^(eth0|tap0)\nlo\nunshare: .*No space left/,
        );
      });
  });
}
