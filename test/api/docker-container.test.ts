import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { detailsOf } from '../../src/api/container-details.js';
import { dockerContainer } from '../../src/api/docker-container.js';
import type { ContainerInspection } from '../../src/index.js';
import type { RuntimeSpec } from '../../src/spec/runtime.js';

const ID = 'a'.repeat(64);
const DIRECTORY = `/store/v1/containers/${ID}`;

const spec: RuntimeSpec = {
  ociVersion: '1.2.0',
  hostname: 'box',
  process: {
    terminal: true,
    user: { uid: 1000, gid: 10 },
    args: ['sh', '-c', 'true'],
    env: ['PATH=/bin', 'A=1'],
    cwd: '/src',
    capabilities: { bounding: ['CAP_CHOWN'] },
    apparmorProfile: 'web',
    selinuxLabel: 'u:r:t:s0',
    rlimits: [{ type: 'RLIMIT_NOFILE', soft: 10, hard: 20 }],
  },
  root: { path: 'rootfs', readonly: true },
  mounts: [
    { destination: '/proc', type: 'proc', source: 'proc' },
    { destination: '/dev', type: 'tmpfs', source: 'tmpfs' },
    { destination: '/dev/shm', type: 'tmpfs', source: 'shm' },
    { destination: '/sys', type: 'bind', source: '/sys', options: ['rbind'] },
    { destination: '/etc/hosts', type: 'bind', source: `${DIRECTORY}/hosts`, options: ['rbind', 'rprivate'] },
    { destination: '/etc/hostname', type: 'bind', source: '/mine/hostname', options: ['rbind', 'rprivate'] },
    { destination: '/src', type: 'bind', source: '/home/me', options: ['rbind', 'rslave', 'nosuid', 'nodev', 'rro'] },
    { destination: '/data', type: 'bind', source: '/store/v1/volumes/db/data', options: ['rbind', 'rprivate', 'nosuid'] },
    { destination: '/tmp', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'size=1m'] },
  ],
  linux: { namespaces: [{ type: 'pid' }], resources: { memory: { limit: 1024 }, pids: { limit: 5 } }, sysctl: { 'net.a': '1' } },
  annotations: {
    'org.opencontainers.image.os': 'linux',
    'org.opencontainers.image.created': '2024-01-01T00:00:00Z',
    'org.opencontainers.image.title': 'a label of the image',
    tier: 'front',
    'io.tsrun.image.id': `sha256:${'b'.repeat(64)}`,
    'io.tsrun.volumes': JSON.stringify([{ destination: '/data', volume: 'db' }]),
    'io.tsrun.container': JSON.stringify({
      labels: { tier: 'back', mine: 'yes' },
      ports: [
        { hostIp: '127.0.0.1', hostPort: 8080, containerPort: 80, protocol: 'tcp' },
        { containerPort: 53, protocol: 'udp' },
      ],
      restart: { name: 'on-failure', retries: 3 },
      log: { driver: 'json-file', maxSize: 100, maxFiles: 2 },
      interactive: true,
      stopSignal: 2,
    }),
  },
};

function inspected(more: Partial<ContainerInspection> = {}, config = spec): ContainerInspection {
  return {
    id: ID,
    name: 'web',
    image: 'alpine',
    command: ['sh', '-c', 'true'],
    created: '2024-01-01T00:00:00Z',
    status: 'running',
    pid: 42,
    started: '2024-01-01T00:00:01Z',
    rm: false,
    directory: DIRECTORY,
    ...detailsOf(ID, config),
    config,
    ...more,
  };
}

describe('what config.json says of a container', () => {
  it('is its labels, those of the image below its own, and nothing that is no label', () => {
    assert.deepEqual(detailsOf(ID, spec).labels, { 'org.opencontainers.image.title': 'a label of the image', tier: 'back', mine: 'yes' });
  });

  it('is the mounts that were asked for, volumes by name', () => {
    assert.deepEqual(
      detailsOf(ID, spec).mounts.map(({ type, name, destination, readOnly, propagation, options }) => [
        type,
        name,
        destination,
        readOnly,
        propagation,
        options,
      ]),
      [
        ['bind', undefined, '/etc/hostname', false, 'rprivate', []],
        ['bind', undefined, '/src', true, 'rslave', ['nosuid', 'nodev']],
        ['volume', 'db', '/data', false, '', ['nosuid']],
        ['tmpfs', undefined, '/tmp', false, '', ['nosuid', 'size=1m']],
      ],
    );
  });

  it('is its network', () => {
    const network = (annotation?: string, types: readonly ('network' | 'pid')[] = ['network']) =>
      detailsOf(ID, {
        ociVersion: '1.2.0',
        linux: { namespaces: types.map((type) => ({ type })) },
        annotations: annotation === undefined ? {} : { 'io.tsrun.network': annotation },
      }).networks;
    assert.deepEqual(network(), ['none']);
    assert.deepEqual(network(undefined, ['pid']), ['host']);
    assert.deepEqual(network('{"mode":"slirp4netns","args":[],"address":"10.0.2.100"}'), ['slirp4netns']);
    assert.deepEqual(network('{"mode":"container","container":"abc"}'), []);
    assert.deepEqual(network('{"mode":"namespace","path":"/run/netns/a"}'), []);
  });

  it('is nothing where an annotation is damaged or is not what it should be', () => {
    for (const text of ['{', 'null', '7', '[null, 7]', '{"labels":7,"ports":[null,{"containerPort":"x"}],"volumes":{}}']) {
      const details = detailsOf(ID, {
        ociVersion: '1.2.0',
        annotations: { 'io.tsrun.container': text, 'io.tsrun.volumes': text, 'io.tsrun.ports': text },
      });
      assert.deepEqual([details.labels, details.mounts, details.portBindings, details.networkMode], [{}, [], undefined, 'host'], text);
    }
  });
});

describe("docker's form of a container", () => {
  it('has user, entrypoint and command as they were written, and of an older one what runs', () => {
    const config = (container: object) => {
      const annotations = { 'io.tsrun.container': JSON.stringify(container) };
      const { User, Entrypoint, Cmd } = dockerContainer(inspected({}, { ...spec, annotations })).Config;
      return [User, Entrypoint, Cmd];
    };
    assert.deepEqual(config({ written: { user: 'ada:wheel', entrypoint: ['sh', '-c'], cmd: ['true'] } }), [
      'ada:wheel',
      ['sh', '-c'],
      ['true'],
    ]);
    assert.deepEqual(config({ written: { user: '', entrypoint: ['sh'], cmd: [] } }), ['', ['sh'], null]);
    assert.deepEqual(config({}).slice(1), [null, ['sh', '-c', 'true']]);
    assert.deepEqual(config({ written: null }).slice(1), [null, ['sh', '-c', 'true']]);
  });

  it('has its state in docker’s words', () => {
    assert.deepEqual(dockerContainer(inspected()).State, {
      Status: 'running',
      Running: true,
      Paused: false,
      Restarting: false,
      Dead: false,
      Pid: 42,
      ExitCode: 0,
      Error: '',
      StartedAt: '2024-01-01T00:00:01Z',
      FinishedAt: '0001-01-01T00:00:00Z',
      Health: null,
    });
    const { State } = dockerContainer(
      inspected({ status: 'stopped', pid: undefined as never, exitCode: 3, finished: '2024-01-01T00:00:02Z' }),
    );
    assert.deepEqual(
      [State.Status, State.Running, State.Pid, State.ExitCode, State.FinishedAt],
      ['exited', false, 0, 3, '2024-01-01T00:00:02Z'],
    );
    const paused = dockerContainer(inspected({ paused: true, health: 'healthy', restarts: 2 }));
    assert.deepEqual(
      [paused.State.Status, paused.State.Running, paused.State.Paused, paused.State.Health],
      ['paused', true, true, { Status: 'healthy', FailingStreak: 0, Log: [] }],
    );
    assert.equal(paused.RestartCount, 2);
    assert.equal(dockerContainer(inspected({ status: 'created' })).State.Status, 'created');
  });

  it('has no exit code when nobody saw its end', () => {
    assert.equal(dockerContainer(inspected({ status: 'stopped' })).State.ExitCode, null);
  });

  it('has what was asked for', () => {
    const {
      Name,
      Path,
      Args,
      Image,
      Config,
      HostConfig,
      NetworkSettings,
      OCIConfigPath,
      AppArmorProfile,
      ProcessLabel,
      MountLabel,
      Mounts,
      ...others
    } = dockerContainer(inspected());
    assert.deepEqual([Name, Path, Args, Image], ['/web', 'sh', ['-c', 'true'], `sha256:${'b'.repeat(64)}`]);
    assert.equal(AppArmorProfile, 'web');
    assert.deepEqual([ProcessLabel, MountLabel], ['u:r:t:s0', '']);
    assert.equal(OCIConfigPath, `${DIRECTORY}/config.json`);
    assert.deepEqual(
      [Config.Image, Config['User'], Config['Tty'], Config['OpenStdin'], Config['StopSignal'], Config['WorkingDir'], Config['Hostname']],
      ['alpine', '1000:10', true, true, 'SIGINT', '/src', 'box'],
    );
    assert.deepEqual(Config['ExposedPorts'], { '80/tcp': {}, '53/udp': {} });
    const host = HostConfig as Record<string, unknown>;
    assert.deepEqual(host['RestartPolicy'], { Name: 'on-failure', MaximumRetryCount: 3 });
    assert.deepEqual(host['Binds'], ['/mine/hostname:/etc/hostname', '/home/me:/src:ro', 'db:/data']);
    assert.deepEqual(host['Tmpfs'], { '/tmp': 'nosuid,size=1m' });
    assert.deepEqual([host['Memory'], host['PidsLimit'], host['ReadonlyRootfs'], host['NetworkMode']], [1024, 5, true, 'host']);
    assert.deepEqual(host['Ulimits'], [{ Name: 'nofile', Soft: 10, Hard: 20 }]);
    assert.deepEqual(host['PortBindings'], { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '8080' }], '53/udp': null });
    assert.deepEqual(host['LogConfig'], { Type: 'json-file', Config: { 'max-size': '100', 'max-file': '2' } });
    assert.equal(others['LogPath'], `${DIRECTORY}/log`);
    assert.deepEqual(NetworkSettings, { IPAddress: '', Gateway: '', Ports: {}, Networks: { host: { IPAddress: '', Gateway: '' } } });
    assert.deepEqual(Mounts[2], {
      Type: 'volume',
      Name: 'db',
      Source: '/store/v1/volumes/db/data',
      Destination: '/data',
      Driver: 'local',
      Mode: 'nosuid',
      RW: true,
      Propagation: '',
    });
    assert.ok(!('SizeRw' in others));
  });

  it('has the ports that are open now apart from those that were asked for', () => {
    const { NetworkSettings } = dockerContainer(
      inspected({
        ports: [{ hostIp: '', hostPort: 40_001, containerPort: 80, protocol: 'tcp' }],
        address: '10.0.2.100',
        networks: ['pasta'],
      }),
    );
    assert.deepEqual(NetworkSettings, {
      IPAddress: '10.0.2.100',
      Gateway: '',
      Ports: { '80/tcp': [{ HostIp: '', HostPort: '40001' }] },
      Networks: { pasta: { IPAddress: '10.0.2.100', Gateway: '' } },
    });
  });

  it('has sizes when they were looked at', () => {
    const { SizeRw, SizeRootFs } = dockerContainer(inspected({ size: { written: 5, image: 100 } }));
    assert.deepEqual([SizeRw, SizeRootFs], [5, 105]);
  });

  it('is there for the barest bundle', () => {
    const bare: RuntimeSpec = { ociVersion: '1.2.0' };
    const { Config, Mounts } = dockerContainer(inspected({ command: [] }, bare));
    assert.deepEqual([Config.Labels, Mounts], [{}, []]);
  });
});
