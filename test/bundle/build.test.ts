import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RunOptions } from '../../src/api/options.js';
import { type BuildInput, buildSpec } from '../../src/bundle/build.js';
import { identityOf } from '../../src/container/identity.js';
import { jsonTemplateOf, slot } from '../../src/plan/slot.js';
import { type IdFacts, rangeMapping, singleMapping } from '../../src/security/idmap-form.js';
import type { ContainerConfig } from '../../src/spec/image.js';
import type { Mount, RuntimeSpec } from '../../src/spec/runtime.js';
import { checkSpec } from './schema.js';

const RANGE = rangeMapping(
  [
    { start: 1000, size: 1 },
    { start: 100000, size: 65535 },
  ],
  [
    { start: 1000, size: 1 },
    { start: 100000, size: 65535 },
  ],
  'newuidmap',
);
const SINGLE = singleMapping({ uid: 1000, gid: 1000 } as IdFacts, 'run: usermod …');
const DIRECTORY = `/data/v1/transient/${slot('id')}`;

function input(config: ContainerConfig = { Cmd: ['sh'] }, options: RunOptions = {}, more: Partial<BuildInput> = {}): BuildInput {
  return {
    image: {
      name: 'docker.io/library/alpine:latest',
      config: { architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [] }, config },
    },
    options,
    command: [],
    ids: RANGE,
    passwd: 'root:x:0:0::/root:/bin/sh\nweb:x:101:101::/srv:/bin/sh\n',
    group: 'web:x:101:\nextra:x:33:web\nfar:x:70000:web\n',
    envFiles: [],
    host: { arch: 'x64', kernel: '6.1.0-18-amd64', envNames: new Set(['TERM', 'TOKEN']) },
    terminal: false,
    rootPath: 'rootfs',
    containerDir: DIRECTORY,
    annotations: { 'io.tsrun.layers': '["a","b"]' },
    ...more,
  };
}
const build = (...args: Parameters<typeof input>): RuntimeSpec => buildSpec(input(...args)).spec;
const destinations = (spec: RuntimeSpec) => (spec.mounts ?? []).map(({ destination }) => destination);
const mountAt = (spec: RuntimeSpec, path: string): Mount =>
  spec.mounts?.find(({ destination }) => destination === path) ?? assert.fail(path);

describe('the runtime spec', () => {
  it('is valid for every kind of run', () => {
    const variants: RuntimeSpec[] = [
      build(),
      build(
        { User: 'web', Entrypoint: ['/x'], WorkingDir: '/srv', Env: ['A=1'], Labels: { 'a.b': 'c' }, StopSignal: 'SIGQUIT' },
        { readOnly: true, volume: ['/a:/b:ro', './c:/d'] },
      ),
      build(undefined, { network: 'host', hostname: 'h', env: ['TOKEN'] }, { terminal: true }),
      build(undefined, {}, { ids: SINGLE }),
      build(
        undefined,
        {},
        { host: { arch: 'arm64', kernel: '5.11', envNames: new Set(), thermalPaths: ['/sys/devices/system/cpu/cpu0/thermal_throttle'] } },
      ),
    ];
    for (const spec of variants) checkSpec(spec);
    const { image: _none, ...rootfs } = input(undefined, {}, { command: ['sh'], rootPath: '/srv/root' });
    checkSpec(buildSpec(rootfs).spec);
  });

  it('keeps its slots when it becomes JSON', () => {
    const json = JSON.stringify(build(undefined, { env: ['TOKEN'], volume: ['.:/w'] }, { terminal: true }));
    const slots = new Set(jsonTemplateOf(json).flatMap((part) => (typeof part === 'string' ? [] : [part.slot])));
    assert.deepEqual(slots, new Set(['short-id', 'id', 'env:TOKEN', 'env:TERM', 'cwd']));
  });

  it('has all seven namespaces, or six on the host’s network', () => {
    const types = (spec: RuntimeSpec) => spec.linux?.namespaces?.map(({ type }) => type).sort();
    assert.deepEqual(types(build()), ['cgroup', 'ipc', 'mount', 'network', 'pid', 'user', 'uts']);
    assert.deepEqual(types(build(undefined, { network: 'host' })), ['cgroup', 'ipc', 'mount', 'pid', 'user', 'uts']);
  });

  it('gives root docker’s capabilities, others only the bounding set, and nobody inheritable or ambient ones', () => {
    const root = build().process?.capabilities;
    assert.equal(root?.effective?.length, 14);
    assert.deepEqual(root?.effective, root?.bounding);
    const web = build({ User: 'web', Cmd: ['sh'] }).process?.capabilities;
    assert.deepEqual([web?.effective, web?.permitted, web?.inheritable, web?.ambient, web?.bounding?.length], [[], [], [], [], 14]);
  });

  it('sets no_new_privs with a single id alone', () => {
    assert.equal(build().process?.noNewPrivileges, false);
    assert.equal(build(undefined, {}, { ids: SINGLE }).process?.noNewPrivileges, true);
  });

  it('names the AppArmor profile that was asked for, and none unasked', () => {
    assert.equal(build(undefined, { securityOpt: ['apparmor=web'] }).process?.apparmorProfile, 'web');
    for (const securityOpt of [[], ['apparmor=unconfined']])
      assert.ok(!('apparmorProfile' in (build(undefined, { securityOpt }).process ?? {})));
  });

  it('mounts in docker’s order, then its files, then volumes by depth', () => {
    const spec = build(undefined, { volume: ['/1:/a/b/c', '/2:/a', '/3:/etc/hosts', '/4:/dev/shm'] });
    assert.deepEqual(destinations(spec), [
      ...['/proc', '/dev', '/dev/pts', '/sys', '/sys/fs/cgroup', '/dev/mqueue'],
      ...['/a', '/etc/resolv.conf', '/etc/hostname', '/etc/hosts', '/dev/shm', '/a/b/c'],
    ]);
    assert.equal(mountAt(spec, '/etc/hosts').source, '/3');
    assert.equal(mountAt(spec, '/etc/hostname').source, `${DIRECTORY}/hostname`);
    assert.throws(() => build(undefined, { volume: ['/a:/b', '/c:/b/'] }), { code: 'ERR_TSRUN_USAGE', message: /\/b/ });
  });

  it('asks devpts for group 5 only when it is mapped, and binds /sys with the host’s network', () => {
    assert.ok(mountAt(build(), '/dev/pts').options?.includes('gid=5'));
    assert.ok(!mountAt(build(undefined, {}, { ids: SINGLE }), '/dev/pts').options?.includes('gid=5'));
    assert.equal(mountAt(build(), '/sys').type, 'sysfs');
    assert.deepEqual(mountAt(build(undefined, { network: 'host' }), '/sys').type, 'bind');
  });

  it('runs as the image’s user, or -u, or with keep-id as the caller', () => {
    assert.deepEqual(buildSpec(input({ User: 'web', Cmd: ['sh'] })).spec.process?.user, { uid: 101, gid: 101, additionalGids: [101, 33] });
    assert.deepEqual(buildSpec(input({ User: 'web', Cmd: ['sh'] })).notes.length, 1, 'group 70000 is not mapped');
    assert.deepEqual(build({ User: 'web', Cmd: ['sh'] }, { user: '0' }).process?.user, { uid: 0, gid: 0, additionalGids: [0] });
    const keep = { ...RANGE, mode: 'keep-id' as const, keep: { uid: 1000, gid: 100 } };
    assert.deepEqual(build({ User: 'web', Cmd: ['sh'] }, {}, { ids: keep }).process?.user, { uid: 1000, gid: 100, additionalGids: [100] });
    assert.equal(build({ User: 'web', Cmd: ['sh'] }, { user: 'web' }, { ids: keep }).process?.user.uid, 101);
  });

  it('says what to do when the user is not in the map', () => {
    assert.throws(() => build({ User: 'web', Cmd: ['sh'] }, {}, { ids: SINGLE }), { code: 'ERR_TSRUN_ID_MAP', hint: /-u 0.*usermod/ });
    assert.throws(() => build(undefined, { user: '70000' }), { code: 'ERR_TSRUN_ID_MAP' });
    assert.deepEqual(build(undefined, {}, { ids: SINGLE }).process?.user, { uid: 0, gid: 0 }, 'groups cannot be set there');
  });

  it('takes over the image’s labels, but not into names that runtimes act on', () => {
    const spec = build({
      Cmd: ['sh'],
      Labels: {
        'org.opencontainers.image.author': 'me',
        'io.tsrun.layers': 'evil',
        'run.oci.keep_original_groups': '1',
        'org.systemd.property.Slice': 'x',
        __proto__x: 'y',
      },
      StopSignal: 'SIGINT',
    });
    assert.equal(spec.annotations?.['io.tsrun.layers'], '["a","b"]');
    assert.equal(spec.annotations?.['io.tsrun.owners'], RANGE.owners);
    assert.equal(spec.annotations?.['run.oci.keep_original_groups'], undefined);
    assert.deepEqual(JSON.parse(spec.annotations?.['io.tsrun.labels'] ?? ''), {
      'org.opencontainers.image.author': 'me',
      'run.oci.keep_original_groups': '1',
      'org.systemd.property.Slice': 'x',
    });
    assert.equal(spec.annotations?.['org.systemd.property.Slice'], undefined);
    assert.equal(identityOf(spec).ids.keepsGroups, undefined, 'exec and start go by the annotations');
    assert.equal(identityOf(build(undefined, {}, { ids: { ...RANGE, keepsGroups: true } })).ids.keepsGroups, true);
    assert.equal(spec.annotations?.['io.tsrun.image'], 'docker.io/library/alpine:latest');
    assert.equal(spec.annotations?.['org.opencontainers.image.author'], 'me');
    assert.equal(spec.annotations?.['org.opencontainers.image.stopSignal'], 'SIGINT');
  });

  it('refuses an image that tries to reach the caller or the system', () => {
    const hostile: ContainerConfig[] = [
      { Cmd: ['sh'], Volumes: { '/proc': {} } },
      { Cmd: ['sh'], Volumes: { '/sys/': {} } },
      { Cmd: ['sh'], Volumes: { dev: {} } },
      { Cmd: ['sh'], Volumes: { '/': {} } },
      { Cmd: ['sh'], Volumes: { '/x/../proc/sys': {} } },
      { Cmd: ['sh'], Labels: { a: slot('env:TOKEN') } },
      { Cmd: ['sh'], User: slot('env:TOKEN') },
      { Cmd: ['sh'], WorkingDir: slot('env:TOKEN') },
      { Cmd: ['sh'], StopSignal: slot('env:TOKEN') },
      { Cmd: [slot('env:TOKEN')] },
      { Cmd: ['sh'], Env: [`A=${slot('env:TOKEN')}`] },
    ];
    for (const config of hostile) assert.throws(() => build(config), { code: 'ERR_TSRUN_CONFIG_INVALID' }, JSON.stringify(config));
    assert.doesNotThrow(() => build({ Cmd: ['sh'], Volumes: { '/data': {}, '/processes': {} } }));
  });
});

describe('the files', () => {
  const text = (built: ReturnType<typeof buildSpec>, name: string) => built.files.find((file) => file.name === name)?.text;

  it('name the container by its short id, which resolves', () => {
    const built = buildSpec(input());
    assert.equal(text(built, 'hostname'), `${slot('short-id')}\n`);
    assert.match(text(built, 'hosts') ?? '', /^127\.0\.0\.1\tlocalhost$/m);
    assert.ok(text(built, 'hosts')?.endsWith(`127.0.1.1\t${slot('short-id')}\n`));
    assert.doesNotMatch(text(built, 'resolv.conf') ?? '', /^nameserver/m);
    assert.equal(built.spec.hostname, slot('short-id'));
    assert.ok(built.spec.process?.env?.includes(`HOSTNAME=${slot('short-id')}`));
  });

  it('are the host’s on its network', () => {
    const host = { ...input().host, hostname: 'big', hosts: '127.0.0.1 localhost big', resolvConf: 'nameserver 10.0.0.1\0' };
    const built = buildSpec(input(undefined, { network: 'host' }, { host }));
    assert.equal(built.spec.hostname, 'big');
    assert.equal(text(built, 'hosts'), '127.0.0.1 localhost big\n');
    assert.equal(text(built, 'resolv.conf'), 'nameserver 10.0.0.1\n');
    assert.equal(buildSpec(input(undefined, {}, { host })).spec.hostname, slot('short-id'));
  });

  it('take --hostname when it is one', () => {
    assert.equal(build(undefined, { hostname: 'web-1.example.org' }).hostname, 'web-1.example.org');
    for (const hostname of ['-x', 'a b', 'a\nb', 'x'.repeat(65), '.', slot('env:TOKEN')]) {
      assert.throws(() => build(undefined, { hostname }), { code: 'ERR_TSRUN_USAGE' });
    }
  });
});
