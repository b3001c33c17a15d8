/** The notations of run's smaller options. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deviceNote, parseDevice } from '../../src/bundle/device.js';
import { labelAnnotations } from '../../src/bundle/labels.js';
import { parseUlimits } from '../../src/bundle/limits.js';
import { parseUmask } from '../../src/bundle/situation.js';
import { parseSize } from '../../src/bundle/size.js';
import { parseSysctls, sysctlPath } from '../../src/bundle/sysctl.js';
import { zoneMounts, zoneVariable } from '../../src/bundle/timezone.js';
import { checkGroups, resolveGroups } from '../../src/bundle/user.js';
import { type IdFacts, rangeMapping, singleMapping } from '../../src/security/idmap-form.js';
import { UNLIMITED } from '../../src/spec/runtime.js';

const labels = (labels: string[], more: Partial<Parameters<typeof labelAnnotations>[0]> = {}) =>
  labelAnnotations({ labels, files: [], annotations: [], image: {}, ...more });

describe('labels', () => {
  it('are annotations as they are: files first, --label above, a name alone is empty', () => {
    const files = [{ path: 'f', text: '# no\n\n  tier=back\r\nfrom=file=x\nbare\n' }];
    const { 'io.tsrun.labels': said, ...plain } = labels(['tier=front', 'empty'], { files });
    assert.deepEqual(plain, { tier: 'front', from: 'file=x', bare: '', empty: '' });
    assert.deepEqual(JSON.parse(said ?? ''), plain);
  });

  it('of the image stay labels beneath an annotation of the same name, and where the name is another property’s', () => {
    const image = { a: 'label', 'org.opencontainers.image.created': 'then', 'io.tsrun.rm': 'hostile' };
    const made = labels([], { annotations: ['a=annotation'], image });
    assert.equal(made['a'], 'annotation');
    assert.deepEqual(JSON.parse(made['io.tsrun.labels'] ?? ''), { a: 'label', 'org.opencontainers.image.created': 'then' });
    assert.deepEqual(JSON.parse(made['io.tsrun.annotations'] ?? ''), { a: 'annotation' });
  });

  it('are nothing where there are none', () => {
    assert.deepEqual(labels([], { image: { a: 'b' } }), {});
  });

  it('that are damaged, or tsrun’s own, are refused', () => {
    for (const text of ['=x', ' =x', '', 'io.tsrun.owners=x', 'a=\0'])
      assert.throws(() => labels([text]), { code: 'ERR_TSRUN_USAGE' }, text);
    assert.throws(() => labels([], { annotations: ['bare'] }), { code: 'ERR_TSRUN_USAGE' });
  });
});

describe('--ulimit', () => {
  const LIMITS =
    'Limit                     Soft Limit           Hard Limit           Units     \nMax open files            1024                 4096                 files     \nMax core file size        0                    unlimited            bytes     \n';

  it('sets both limits, or each', () => {
    assert.deepEqual(parseUlimits(['nofile=10:20', 'core=0', 'nproc=-1', 'stack=5:unlimited'], ''), [
      { type: 'RLIMIT_NOFILE', soft: 10, hard: 20 },
      { type: 'RLIMIT_CORE', soft: 0, hard: 0 },
      { type: 'RLIMIT_NPROC', soft: UNLIMITED, hard: UNLIMITED },
      { type: 'RLIMIT_STACK', soft: 5, hard: UNLIMITED },
    ]);
    assert.deepEqual(parseUlimits(['host'], LIMITS), []);
    assert.deepEqual(parseUlimits(['nofile=1', 'nofile=2'], ''), [{ type: 'RLIMIT_NOFILE', soft: 2, hard: 2 }]);
  });

  it('is refused where it is none', () => {
    for (const text of ['nofile', 'nofile=', 'nofile=x', 'nofile=1:2:3', 'nofile=20:10', 'nofile=-2', 'files=1', '=1', 'NOFILE=1', 'as=5'])
      assert.throws(() => parseUlimits([text], ''), { code: 'ERR_TSRUN_USAGE' }, text);
    assert.throws(() => parseUlimits(['host', 'core=0'], ''), { code: 'ERR_TSRUN_USAGE' });
  });

  it('goes up to the caller’s hard limit', () => {
    assert.equal(parseUlimits(['nofile=4096', 'core=-1'], LIMITS).length, 2);
    for (const text of ['nofile=4097', 'nofile=1:4097', 'nofile=-1'])
      assert.throws(() => parseUlimits([text], LIMITS), { code: 'ERR_TSRUN_UNSUPPORTED', message: /4096/ }, text);
  });
});

describe('--sysctl', () => {
  const all = () => true;

  it('takes what a namespace of the container has, with either separator', () => {
    const texts = [
      'net.ipv4.ip_forward=1',
      'net/ipv4/conf/eth0.100/forwarding=0',
      'kernel.sem=1 2 3 4',
      'fs.mqueue.msg_max=',
      'kernel.domainname=d',
    ];
    const chosen = parseSysctls(texts, all);
    assert.deepEqual(Object.values(chosen), ['1', '0', '1 2 3 4', '', 'd']);
    assert.deepEqual(Object.keys(chosen).map(sysctlPath).slice(0, 2), ['net/ipv4/ip_forward', 'net/ipv4/conf/eth0.100/forwarding']);
  });

  it('refuses all others, and no way out of their place', () => {
    const machine = ['kernel.core_pattern=|/x', 'vm.overcommit_memory=1', 'kernel.shm=1', 'fs.file-max=1', 'kernel.semx=1'];
    for (const text of machine) assert.throws(() => parseSysctls([text], all), { code: 'ERR_TSRUN_UNSUPPORTED' }, text);
    for (const text of [
      'net',
      'net.ipv4',
      '=1',
      'net..x=1',
      'net/../kernel/core_pattern=x',
      'net/./x=1',
      'net.a b=1',
      'kernel.hostname=x',
      'net.a/../../kernel/x=1',
      'net.x/..=1',
    ])
      assert.throws(() => parseSysctls([text], all), { code: 'ERR_TSRUN_USAGE' }, text);
  });

  it('is refused where the namespace is another one’s', () => {
    assert.throws(() => parseSysctls(['net.ipv4.ip_forward=1'], (type) => type !== 'network'), {
      code: 'ERR_TSRUN_UNSUPPORTED',
      message: /network/,
    });
    assert.throws(() => parseSysctls(['kernel.domainname=d'], (type) => type !== 'uts'), { code: 'ERR_TSRUN_UNSUPPORTED' });
  });
});

describe('--device', () => {
  it('is a node, another name for it, and all permissions or none said', () => {
    const plain = { source: '/dev/fuse', destination: '/dev/fuse' };
    assert.deepEqual(parseDevice('/dev/fuse'), plain);
    assert.deepEqual(parseDevice('/dev/fuse:rwm'), plain);
    assert.deepEqual(parseDevice('/dev/fuse:/dev/x'), { source: '/dev/fuse', destination: '/dev/x' });
    assert.deepEqual(parseDevice('/dev/fuse:/dev/x/y:mrw'), { source: '/dev/fuse', destination: '/dev/x/y' });
  });

  it('is refused where less than all would have to be enforced, or it is none', () => {
    for (const text of ['/dev/fuse:r', '/dev/fuse:/dev/x:rw', 'vendor.com/class=name', '/dev/x:/proc/y', '/dev/x:/dev'])
      assert.throws(() => parseDevice(text), { code: 'ERR_TSRUN_UNSUPPORTED' }, text);
    for (const text of ['', 'fuse', '/dev/x:', '/dev/x:/y:', '/dev/x:rx', '/dev/x:/y:rwmm', '/dev/x:/y:rwm:z', '/dev/x:/'])
      assert.throws(() => parseDevice(text), { code: 'ERR_TSRUN_USAGE' }, text);
  });

  it('that the container may not use is told of', () => {
    const range = rangeMapping(
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
    const single = singleMapping({ uid: 1000, gid: 1000 } as IdFacts);
    const node = (mode: number, uid: number, gid: number) => ({ source: '/dev/x', destination: '/dev/x', mode: 0o20000 | mode, uid, gid });
    assert.deepEqual(deviceNote(node(0o666, 0, 0), range, []), []);
    assert.deepEqual(deviceNote(node(0o600, 1000, 1000), range, []), []);
    assert.match(deviceNote(node(0o660, 0, 44), range, [44]).join(), /belongs to 0:44 at the host and has mode 0660/);
    assert.deepEqual(deviceNote(node(0o660, 0, 44), single, [44]), []);
    assert.equal(deviceNote(node(0o640, 0, 44), single, [44]).length, 1);
  });
});

describe('smaller ones', () => {
  it('a umask is octal', () => {
    assert.deepEqual(['0', '022', '0022', '777', '00077'].map(parseUmask), [0, 0o22, 0o22, 0o777, 0o77]);
    for (const text of ['8', '1777', '-1', '0x1', ' 22', '']) assert.throws(() => parseUmask(text), { code: 'ERR_TSRUN_USAGE' }, text);
  });

  it('a size is docker’s', () => {
    const sizes: Record<string, number | undefined> = {
      '512': 512,
      '1k': 1024,
      '1.5GiB': 1610612736,
      '10 m': 10485760,
      '0': 0,
      '1e3': undefined,
      '-1': undefined,
      m: undefined,
    };
    for (const [text, size] of Object.entries(sizes)) assert.equal(parseSize(text), size, text);
  });

  it('groups are the image’s names, or numbers', () => {
    const group = 'root:x:0:\nwheel:x:10:\n77:x:5:\n';
    assert.deepEqual(resolveGroups(['wheel', '77', '10'], group), [10, 77]);
    assert.throws(() => resolveGroups(['nope'], group), { code: 'ERR_TSRUN_USER_NOT_FOUND' });
    assert.throws(() => checkGroups(['keep-groups', 'wheel']), { code: 'ERR_TSRUN_USAGE' });
  });

  it('a time zone is the image’s by its name, else the host’s file and no name', () => {
    const hostFile = '/usr/share/zoneinfo/Europe/Berlin';
    const seen = (zone: Parameters<typeof zoneVariable>[0]) => [zoneVariable(zone), zoneMounts(zone).map(({ source }) => source)];
    assert.deepEqual(seen({ name: 'Europe/Berlin', inImage: true, hostFile }), ['Europe/Berlin', []]);
    assert.deepEqual(seen({ name: 'Europe/Berlin', inImage: false, hostFile }), [undefined, [hostFile]]);
    assert.deepEqual(seen({ inImage: false }), ['UTC0', []]);
  });
});
