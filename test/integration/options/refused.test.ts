/** Values that are wrong, through the command line: said before anything is made, with 125. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { identities } from '../../harness/identity.js';
import { type Sandbox, sandbox } from '../../harness/tsrun.js';

const ROWS: [words: string[], message: RegExp][] = [
  [['-l', '=x'], /^tsrun: --label: "=x" has no name/],
  [['--label-file', '/no/such'], /cannot read the --label-file \/no\/such/],
  [['--annotation', 'bare'], /--annotation: "bare" has no value/],
  [['--umask', '9'], /"9" is not a umask/],
  [['--tz', '../etc'], /"\.\.\/etc" is not a time zone/],
  [['--tz', 'Mars/Olympus'], /neither the image nor the host knows the time zone/],
  [['--shm-size', 'big'], /--shm-size: "big" is not a size/],
  [['--sysctl', 'kernel.core_pattern=x'], /one for the whole machine/],
  [['--network', 'host', '--sysctl', 'net.ipv4.ip_forward=1'], /no network namespace of its own/],
  [['--ulimit', 'nofile=9:1'], /the soft limit is above the hard one/],
  [['--ulimit', 'nofile=-1'], /the hard limit of tsrun's caller is \d+/],
  [['--group-add', 'nope'], /no group "nope"/],
  [['--group-add', 'keep-groups', '--group-add', '5'], /exclude each other/],
  [['--device', '/dev/null:r'], /need a device cgroup/],
  [['--device', '/dev/nope'], /--device \/dev\/nope: no such file/],
  [['--device', '/etc/passwd'], /it is not a device/],
  [['--device', '/dev/null', '-v', '/dev/zero:/dev/null'], /duplicate mount point/],
  [['-a', 'nope'], /--attach "nope" is no stream/],
  [['-a', 'stdout', '-d'], /-a and -d exclude each other/],
  [['--pidfile', '/no/such/dir/pid'], /the pid file .* cannot be made/],
  [['--timeout', '1.5'], /invalid argument "1.5" for "--timeout"/],
  [['--preserve-fds', '-1'], /invalid argument "-1" for "--preserve-fds"/],
  [['--net', 'none', '--ip', '10.0.2.9'], /no address of its own/],
  [['--ip', '10.0.2.0'], /is not an IPv4 address of a host/],
  [['--network-alias', 'x'], /only supported for user-defined networks/],
  [['--replace'], /--replace needs a name/],
  [['--uts', 'host', '--hostname', 'h'], /conflicting options: --hostname/],
  [['--ipc', 'slave'], /--ipc: "slave" is not one of its modes: use private, shareable, none, host, container:NAME or ns:\/PATH/],
  [['--pid', 'shareable'], /--pid: "shareable" is not one of its modes/],
  [['--cgroupns', 'ns:/x'], /use private, host or container:NAME/],
  [['--ipc', 'host', '--shm-size', '1m'], /conflicting options: --shm-size and --ipc host/],
  [['--uts', 'ns:/no/such'], /--uts ns:\/no\/such cannot be opened: no such file/],
  [['--pid', 'container:nobody'], /no container nobody/],
  [['--gpus', 'all'], /^tsrun run has no --gpus yet/],
  [['--isolation', 'hyperv'], /^tsrun: invalid argument "hyperv" for "--isolation" flag: must be namespaces, landlock or default/],
  [['--cap-add', 'NET_ADMN'], /^tsrun: --cap-add: there is no capability "NET_ADMN": did you mean NET_ADMIN/],
  [['--security-opt', 'apparmor=no-such-profile'], /no-such-profile.*: (AppArmor is not enabled on this host|there is none of that name)/],
  [['--security-opt', 'label=type:no_such_t'], /label=: (SELinux is not enabled on this host|the policy of this host has no context)/],
  [['--security-opt', 'label=type:a', '--security-opt', 'label=disable'], /a label is either disabled or chosen/],
  [['--security-opt', 'seccomp=/no/such'], /cannot read the seccomp profile \/no\/such: no such file/],
  [['--security-opt', 'seccomp=/dev/zero'], /the seccomp profile \/dev\/zero: it is larger than/],
];

const who = identities().find(({ unavailable }) => unavailable === undefined);

describe('options of run', { skip: who === undefined }, () => {
  let box: Sandbox;
  before(() => {
    box = sandbox(who as NonNullable<typeof who>);
  });
  after(() => box[Symbol.asyncDispose]());

  for (const [words, message] of ROWS) {
    it(`${words.join(' ')} is refused`, async () => {
      // Nothing of it runs: an empty directory is root file system enough.
      const { code, stderr, stdout } = await box.tsrun(['run', ...words, '--rootfs', box.home, 'true']);
      assert.match(stderr, message);
      assert.deepEqual([code, stdout], [125, '']);
    });
  }

  it('a pid file that is there is not written to', async () => {
    const file = join(box.home, 'pid');
    writeFileSync(file, 'kept');
    const { code, stderr } = await box.tsrun(['run', '--pidfile', file, '--rootfs', box.home, 'true']);
    assert.deepEqual([code, /the pid file .* exists already/.test(stderr)], [125, true], stderr);
  });

  it('one that would have to be honoured is refused, one that says nothing new is noted', async () => {
    const { code, stderr } = await box.tsrun(['run', '--kernel-memory', '1g', '--passwd=false', '--dry-run', '--rootfs', box.home, 'true']);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /^note: --kernel-memory has no effect: .*\nnote: --passwd has no effect: /m);
  });
});
