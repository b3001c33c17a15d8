/** doctor really tries: what it finds on this machine, and what it finds missing where that was taken away. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ownArch } from '../../../src/api/host.js';
import type { DoctorCheckName, DoctorReport } from '../../../src/index.js';
import type { Operation } from '../../../src/plan/operations.js';
import { compileSeccomp } from '../../../src/security/seccomp/compile.js';
import { defaultSeccomp } from '../../../src/security/seccomp/resolve.js';
import type { Seccomp } from '../../../src/spec/runtime.js';
import { type Identity, identities } from '../../harness/identity.js';
import { busyboxImage } from '../../harness/images.js';
import { leftovers } from '../../harness/leftovers.js';
import { mountNamespace } from '../../harness/mount-namespace.js';
import { networkWorld } from '../../harness/network-world.js';
import type { CommandOptions } from '../../harness/process.js';
import { openTerminal } from '../../harness/pty.js';
import { type Sandbox, sandbox } from '../../harness/tsrun.js';
import { two } from '../../native/plain.js';
import { launch, released } from '../../native/program.js';

async function doctor(place: Sandbox, expected = 0, options: CommandOptions = {}) {
  const { code, stdout, stderr } = await place.tsrun(['doctor', '--json'], options);
  assert.deepEqual([code, stderr], [expected, '']);
  const report = JSON.parse(stdout) as DoctorReport;
  const of = (name: DoctorCheckName) => report.checks.find((check) => check.name === name) ?? assert.fail(name);
  const status = (...names: DoctorCheckName[]) => names.map((name) => of(name).status).join(' ');
  return { ...report, of, status };
}

const needsRoot = process.getuid?.() === 0 ? false : 'only root can take things away';
const skip = (who: Identity) => ({ skip: who.unavailable ?? needsRoot });

for (const who of identities()) {
  describe(`doctor as ${who.name}`, { skip: who.unavailable ?? false }, () => {
    it('finds what containers run with here, and leaves nothing running', async () => {
      await using place = sandbox(who);
      const { runs, status, of, helper } = await doctor(place);
      assert.equal(runs, true);
      assert.match(helper, /tsrun-helper$/);
      assert.equal(
        status('user-namespace', 'id-map', 'proc', 'seccomp', 'store', 'runtime-directory'),
        'found found found found found found',
      );
      const ids = { root: 'not-needed not-needed found', range: 'found found found', single: 'found missing not-needed' }[who.name];
      assert.equal(status('newuidmap', 'subordinate-ids', 'supplementary-groups'), ids);
      assert.match(of('id-map').detail, { root: /^65536 ids/, range: /^65537 ids/, single: /^one id/ }[who.name]);
      assert.equal(of('idmapped-mounts').status === 'not-needed', who.name !== 'root');
      assert.deepEqual(leftovers(place), { processes: [], mounts: [], directories: [] });
    });

    it('is read on a terminal and in a pipe', async () => {
      await using place = sandbox(who);
      const { stdout } = await place.tsrun(['doctor']);
      assert.match(stdout, /^found {7}user-namespace {2,}made, with its rights$/m);
      assert.match(stdout, /\n\nContainers run here.*\n.*Linux .*\n$/);
      const terminal = await openTerminal([place.program, 'doctor'], { as: who, cwd: place.home, env: place.env });
      assert.equal((await terminal.finished).code, 0);
      assert.match(terminal.output(), /^found {7}user-namespace {2,}made, with its rights\r$/m);
      assert.ok(
        terminal
          .output()
          .split('\r\n')
          .every((line) => line.length <= 80 || line.includes(place.directory) || line.trimStart().startsWith('> ')),
      );
    });
  });

  describe(`doctor as ${who.name}, where something is missing`, skip(who), () => {
    it('on a file system without extended attributes: the store is found, overlay is not', async () => {
      await using place = sandbox(who);
      await using namespace = await mountNamespace('mount -t ramfs ramfs "$1"; chmod 700 "$1"; chown "$2" "$1"', [
        place.root,
        `${who.uid}:${who.gid}`,
      ]);
      const { runs, of, status } = await doctor(namespace.inside(place));
      assert.equal(runs, true);
      assert.match(of('store').detail, /: ramfs, /);
      assert.equal(status('overlay'), 'missing');
      assert.match(of('overlay').detail, /the file system of .* cannot carry it/);
      assert.notEqual(status('fuse-overlayfs'), 'not-needed');
      assert.equal(status('idmapped-mounts'), who.name === 'root' ? 'missing' : 'not-needed');
    });

    const needsMappers = who.name === 'range';
    if (needsMappers)
      it('without newuidmap, and with one that has lost its right', async () => {
        await using place = sandbox(who);
        await using without = await mountNamespace('mount -t tmpfs none /mnt; touch /mnt/x; mount --bind /mnt/x /usr/bin/newuidmap');
        const single = await doctor(without.inside(place));
        assert.equal(single.status('newuidmap', 'id-map', 'subordinate-ids'), 'missing found found');
        assert.match(single.of('id-map').detail, /^one id/);
        assert.match(single.of('newuidmap').advice.join(), /uidmap|shadow|newuidmap/);
        const weaken = 'mount -t tmpfs none /mnt; cp /usr/bin/newuidmap /mnt/x; chmod 755 /mnt/x; mount --bind /mnt/x /usr/bin/newuidmap';
        await using weak = await mountNamespace(weaken);
        const { runs, status, of } = await doctor(weak.inside(place), 1);
        assert.equal(runs, false);
        assert.equal(status('user-namespace', 'newuidmap', 'id-map'), 'found missing missing');
        assert.match(of('newuidmap').advice.join(), /^as root: chmod u\+s \/usr\/bin\/newuidmap$/);
      });

    it('tells tun, pasta and slirp4netns by opening and starting them', async () => {
      await using place = sandbox(who);
      await using open = await networkWorld();
      const { status, of } = await doctor(open.inside(place));
      assert.equal(status('tun', 'pasta', 'slirp4netns'), 'found found found');
      assert.equal(of('pasta').detail, '/usr/bin/pasta');
      assert.deepEqual(leftovers(place).processes, []);
      await using closed = await networkWorld({ tun: false });
      const { of: without } = await doctor(closed.inside(place));
      assert.match(without('tun').detail, /no such file/);
      assert.match(without('tun').advice.join(), /modprobe tun/);
      assert.match(without('pasta').detail, /not tried/);
    });

    it('ends with 1 where no container runs: a store and a runtime directory that cannot be made', async () => {
      await using place = sandbox(who);
      const file = join(place.home, 'file');
      writeFileSync(file, '');
      const { status, of } = await doctor(place, 1, { env: { TSRUN_ROOT: file, TSRUN_RUN_ROOT: file } });
      assert.equal(status('store', 'runtime-directory', 'user-namespace'), 'missing missing found');
      assert.match(of('overlay').detail, /^not tried: /);
      assert.match((await place.tsrun(['doctor'], { env: { TSRUN_ROOT: file } })).stdout, /cannot run here, for want of: .*store/);
    });

    const mayKeepGroups = who.name !== 'root';
    if (mayKeepGroups)
      it('tells that supplementary groups stay, where they do', async () => {
        await using place = sandbox(who);
        const as = ['setpriv', `--reuid=${who.uid}`, `--regid=${who.gid}`, '--groups=27'];
        const { stdout } = await place.command([...as, place.program, 'doctor', '--json'], { as: { uid: 0, gid: 0 } }).finished;
        const check = (JSON.parse(stdout) as DoctorReport).checks.find(({ name }) => name === 'supplementary-groups');
        assert.equal(check?.status, who.name === 'range' ? 'found' : 'missing');
        if (who.name === 'single') assert.match(check?.detail ?? '', /keeps them: 27$/);
      });
  });
}

describe('doctor where user namespaces are switched off', { skip: needsRoot }, () => {
  it('ends with 1 and names the switch', async () => {
    const [who] = identities();
    assert.ok(who);
    await using place = sandbox(who);
    // A user namespace of its own has its own limit.
    const script = `echo 0 > /proc/sys/user/max_user_namespaces; exec "$0" doctor`;
    const { code, stdout } = await place.command(['unshare', '--user', '--map-root-user', 'sh', '-c', script, place.program]).finished;
    assert.equal(code, 1);
    assert.match(stdout, /^missing {5}user-namespace {2,}cannot use user namespaces: they are switched off/m);
    assert.match(stdout, /> as root: echo user\.max_user_namespaces=28633 >> /);
  });
});

describe('the profiles that doctor prints', { skip: needsRoot }, () => {
  it('the AppArmor one names the helper that is used, through links', async () => {
    const [who] = identities();
    assert.ok(who);
    await using place = sandbox(who);
    const { helper } = await doctor(place);
    const { stdout } = await place.tsrun(['doctor', '--print-apparmor-profile']);
    assert.ok(stdout.includes(`profile tsrun "${helper}" flags=(unconfined) {\n  userns,`), stdout);
    assert.equal((await place.tsrun(['doctor', '--print-apparmor-profile', '--print-seccomp-profile'])).code, 125);
  });

  it('under the seccomp one tsrun runs a container, under the usual one it cannot', async () => {
    const [who] = identities();
    assert.ok(who);
    await using place = sandbox(who);
    const { stdout } = await place.tsrun(['doctor', '--print-seccomp-profile']);
    const image = (await busyboxImage()).reference;
    const run = (profile: Seccomp) => {
      const filter = compileSeccomp(profile, ownArch());
      const env = Object.entries(place.env).map(([name, value]) => `${name}=${value}`);
      const tsrun: Operation = ['exec', [place.program, 'run', '--rm', '-q', image, 'echo', 'inside'], env, ''];
      return launch(released, two([['seccomp', filter], tsrun])).finished;
    };
    const nested = await run(JSON.parse(stdout) as Seccomp);
    assert.deepEqual([nested.code, nested.stdout, nested.stderr], [0, 'inside\n', '']);
    const refused = await run(defaultSeccomp({ arch: ownArch(), kernel: release(), granted: [] }));
    assert.equal(refused.code, 125);
    assert.match(refused.stderr, /forbids them by seccomp/);
  });
});
