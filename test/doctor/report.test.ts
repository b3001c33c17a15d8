import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { failed, OS_RELEASES, report, SINGLE, WELL } from './facts.js';

const REQUIRED = ['user-namespace', 'id-map', 'proc', 'seccomp', 'runtime-directory', 'store'];

describe('the report of doctor', () => {
  it('has every thing once, under names that are stable', () => {
    const names =
      'user-namespace apparmor id-map newuidmap subordinate-ids supplementary-groups proc seccomp landlock cgroup runtime-directory store overlay fuse-overlayfs idmapped-mounts tun pasta slirp4netns';
    assert.deepEqual(
      report().checks.map(({ name }) => name),
      names.split(' '),
    );
    const { checks, runs, distribution, kernel, helper } = report();
    assert.deepEqual(Object.keys(checks[0] ?? {}).sort(), ['advice', 'detail', 'name', 'purpose', 'required', 'status', 'without']);
    assert.deepEqual(
      { runs, distribution, kernel, helper },
      {
        runs: true,
        distribution: { id: 'debian', name: 'Debian GNU/Linux 12 (bookworm)', family: 'debian' },
        kernel: '6.12.9-amd64',
        helper: WELL.helper.path,
      },
    );
  });

  it('of a machine that has all misses nothing and advises nothing', () => {
    assert.deepEqual(report().missing, []);
    assert.ok(report().checks.every(({ advice }) => advice.length === 0));
  });

  it('says that containers cannot run for want of what each needs, and of nothing else', () => {
    const well = report();
    assert.deepEqual(
      well.checks.filter(({ required }) => required).map(({ name }) => name),
      REQUIRED,
    );
    const no = failed('no', 'do this');
    const { map, store, runtime, tun } = WELL;
    for (const changes of [
      { namespace: no },
      { map: { ...map, ...no } },
      { proc: no },
      { seccomp: no },
      { store: { ...store, ...no } },
      { runtime: { ...runtime, ...no } },
    ])
      assert.equal(report(changes).runs, false, JSON.stringify(changes));
    const poor = report({
      ...SINGLE,
      overlay: no,
      shifted: no,
      tun: { ...tun, ...no },
      landlock: { why: 'no' },
      cgroup: { ...WELL.cgroup, version: 1 },
    });
    assert.equal(poor.runs, true);
    assert.equal(poor.missing.length, 9);
  });

  it('says which /proc containers have', () => {
    const proc = (form: 'fresh' | 'subset' | 'bound') => report({ system: { proc: form, sys: 'fresh', variables: true } }).of('proc');
    for (const form of ['fresh', 'subset', 'bound'] as const) {
      assert.equal(proc(form).status, 'found');
      assert.match(proc(form).detail, new RegExp(`^${form}[:,] ${form === 'fresh' ? 'mounted$' : '.* --nested'}`));
    }
  });

  it('advises for everything that is missing', () => {
    const no = failed('no', 'do this');
    const { checks } = report({ ...SINGLE, namespace: no, overlay: no, proc: no, seccomp: no, landlock: { why: 'no' } });
    for (const { name, status, advice } of checks) assert.equal(advice.length > 0, status === 'missing', name);
  });
});

describe('a user namespace that is refused', () => {
  const refused = (changes: Partial<typeof WELL.host>) =>
    report({ namespace: failed('refused', 'a hint'), host: { ...WELL.host, ...changes } });

  it('comes with the switch that is off, on now and at every start', () => {
    const [clone] = refused({ usernsClone: '0\n' }).of('user-namespace').advice;
    assert.equal(
      clone,
      'as root: echo kernel.unprivileged_userns_clone=1 >> /etc/sysctl.d/90-tsrun.conf && sysctl -p /etc/sysctl.d/90-tsrun.conf',
    );
    assert.match(refused({ maxUserNamespaces: '0\n' }).of('user-namespace').advice.join(), /user\.max_user_namespaces=28633/);
    const weaker = 'or, weaker, without any: tsrun run --isolation landlock IMAGE';
    assert.deepEqual(refused({}).of('user-namespace').advice, ['a hint', weaker]);
  });

  it('by AppArmor comes with the profile for the helper; root is not concerned', () => {
    const ubuntu = refused({ apparmorRestricts: '1\n' });
    assert.match(ubuntu.of('user-namespace').advice.join('\n'), /--print-apparmor-profile \| sudo tee .* apparmor_parser -r/);
    assert.match(ubuntu.of('apparmor').detail, /tsrun-helper has no profile/);
    assert.equal(refused({ apparmorRestricts: '1\n', uid: 0 }).of('apparmor').status, 'not-needed');
    const allowed = report({ host: { ...WELL.host, apparmorRestricts: '1\n' } }).of('apparmor');
    assert.deepEqual([allowed.status, allowed.advice], ['found', []]);
    assert.equal(report({ host: { ...WELL.host, apparmorRestricts: '0\n' } }).of('apparmor').status, 'not-needed');
  });
});

describe('ids', () => {
  it('are advised for each distribution in its own words', () => {
    const advice = Object.entries(OS_RELEASES).map(([name, osRelease]) => {
      const { of } = report({ ...SINGLE, osRelease });
      return [name, of('newuidmap').advice[0], of('subordinate-ids').advice[0]];
    });
    const usermod = 'as root: usermod --add-subuids 165536-231071 --add-subgids 165536-231071 ada';
    const lines = 'as root: echo ada:165536:65536 | tee -a /etc/subuid /etc/subgid';
    assert.deepEqual(advice, [
      ['debian', 'as root: apt-get install uidmap', usermod],
      ['ubuntu', 'as root: apt-get install uidmap', usermod],
      ['fedora', 'as root: dnf install shadow-utils', usermod],
      ['rhel', 'as root: dnf install shadow-utils', usermod],
      ['alpine', 'as root: apk add shadow-subids', lines],
      ['arch', 'as root: pacman -S shadow', usermod],
      ['suse', 'as root: zypper install shadow', usermod],
      ['unknown', 'install the package that brings newuidmap and newgidmap', lines],
    ]);
    assert.match(
      report({ ...SINGLE, user: '7777' })
        .of('subordinate-ids')
        .advice.join(),
      /echo 7777:165536:65536/,
    );
  });

  it('of a mapper that has lost its rights', () => {
    const weak = { ...WELL.mappers, newgidmap: { path: '/usr/bin/newgidmap' } };
    const { of, runs } = report({ mappers: weak, map: { ...WELL.map, ...failed('newgidmap has not the right', 'cure') } });
    assert.deepEqual([of('newuidmap').status, of('newuidmap').advice], ['missing', ['as root: chmod u+s /usr/bin/newgidmap']]);
    assert.equal(runs, false);
    assert.equal(report({ mappers: weak }).of('newuidmap').status, 'found', 'what works has its right from elsewhere');
  });

  it('of which there is one, keep the caller’s groups', () => {
    const { of } = report(SINGLE);
    assert.equal(of('id-map').status, 'found');
    assert.match(of('id-map').detail, /^one id: root inside is you/);
    assert.equal(of('supplementary-groups').detail, 'with one id the kernel keeps them: 27, 100');
    assert.equal(report({ ...SINGLE, groups: [] }).of('supplementary-groups').status, 'not-needed');
  });

  it('are root’s own affair', () => {
    const root = report({
      host: { ...WELL.host, uid: 0 },
      mappers: {},
      subordinate: SINGLE.subordinate ?? WELL.subordinate,
      shifted: { works: true },
    });
    assert.deepEqual(
      ['newuidmap', 'subordinate-ids', 'idmapped-mounts'].map((name) => root.of(name as 'newuidmap').status),
      ['not-needed', 'not-needed', 'found'],
    );
  });
});

describe('storage, network, control groups', () => {
  it('need fuse-overlayfs only without overlay', () => {
    const no = failed('mounting it is refused', 'as root: modprobe overlay');
    assert.equal(report().of('fuse-overlayfs').status, 'not-needed');
    const { of } = report({ overlay: no, osRelease: OS_RELEASES.fedora });
    assert.deepEqual(
      [of('overlay').advice, of('fuse-overlayfs').advice],
      [['as root: modprobe overlay'], ['as root: dnf install fuse-overlayfs']],
    );
    const fuse = { path: '/usr/bin/fuse-overlayfs' };
    assert.equal(report({ overlay: no, fuse: { ...fuse, works: true } }).of('fuse-overlayfs').status, 'found');
    assert.match(
      report({ overlay: no, fuse: { ...fuse, ...failed('/dev/fuse: no') } })
        .of('fuse-overlayfs')
        .advice.join(),
      /modprobe fuse/,
    );
  });

  it('need one of pasta and slirp4netns, and the device', () => {
    const { pasta: _pasta, ...none } = WELL;
    const advice = ({ of }: ReturnType<typeof report>) => [of('pasta').advice[0], of('slirp4netns').advice[0]];
    const neither = report({ ...none, osRelease: OS_RELEASES.alpine, pasta: undefined } as never);
    assert.deepEqual(advice(neither), ['as root: apk add passt', 'as root: apk add slirp4netns']);
    assert.equal(report().of('slirp4netns').status, 'not-needed');
    const no = failed('/dev/net/tun: no');
    const tun = (exists: boolean) =>
      report({ tun: { exists, ...no }, pasta: { path: '/usr/bin/pasta', ...no }, osRelease: OS_RELEASES.alpine });
    assert.match(tun(true).of('tun').advice.join(), /^as root: chmod 666 \/dev\/net\/tun$/);
    assert.match(tun(false).of('tun').advice.join(), /modprobe tun && echo tun >> \/etc\/modules/);
    assert.match(tun(true).of('pasta').detail, /not tried without/);
  });

  it('of version 1, or not delegated, or without a controller', () => {
    const group = (changes: object) => report({ cgroup: { ...WELL.cgroup, ...changes } }).of('cgroup');
    assert.match(group({ version: 1 }).advice.join(), /update-grub/);
    assert.match(group({ version: 0 }).detail, /holds no control groups/);
    assert.match(group({ writable: failed('permission denied') }).advice.join(), /systemd-run --user --scope -p Delegate=yes/);
    assert.match(group({ controllers: ['memory', 'pids'] }).detail, /lacks cpu$/);
    assert.match(group({}).detail, /: cpu memory pids$/);
  });

  it('say what stands in for a runtime directory', () => {
    const runtime = (asked: string) =>
      report({ runtime: { works: true, path: '/tmp/tsrun-1000-ab', asked, isAsked: false } }).of('runtime-directory');
    assert.match(runtime('').detail, /stands in for XDG_RUNTIME_DIR, which is not set$/);
    assert.match(runtime('/run/user/0').detail, /which is \/run\/user\/0, and not a private directory of yours$/);
  });
});
