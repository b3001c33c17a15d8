/** Expected texts are docker 28.2.2's own, for the same containers, images and volumes. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CONTAINERS, commandLine, SIZE_COLUMNS } from '../../../src/cli/listing/containers.js';
import { DIGEST_COLUMNS, IMAGES, imageRows, oncePerImage } from '../../../src/cli/listing/images.js';
import { type Listing, type Manner, prepare, refuseBoth } from '../../../src/cli/listing/listing.js';
import { VOLUMES } from '../../../src/cli/listing/volumes.js';
import { shownName } from '../../../src/cli/shown-name.js';
import type { ContainerSummary, ImageSummary } from '../../../src/index.js';

const NOW = Date.parse('2024-01-15T12:00:00Z');
const ago = (seconds: number) => new Date(NOW - seconds * 1000).toISOString();

const web: ContainerSummary = {
  id: 'a'.repeat(64),
  name: 'web',
  image: 'docker.io/library/nginx:latest',
  command: ['sh', '-c', 'echo hi; sleep 1000'],
  created: ago(300),
  status: 'running',
  started: ago(300),
  health: 'healthy',
  rm: false,
  labels: { 'com.example.my-key': 'v1', b: '2', a: '1' },
  mounts: [
    { type: 'volume', name: 'averyveryverylongvolumename', source: '/x', destination: '/d', readOnly: false, propagation: '', options: [] },
    { type: 'bind', source: '/home/me/src', destination: '/src', readOnly: false, propagation: 'rprivate', options: [] },
  ],
  networks: ['bridge', 'other'],
  ports: [
    { hostIp: '0.0.0.0', hostPort: 8080, containerPort: 80, protocol: 'tcp' },
    { hostIp: '::', hostPort: 8080, containerPort: 80, protocol: 'tcp' },
    { containerPort: 443, protocol: 'tcp' },
    { containerPort: 90, protocol: 'tcp' },
    { containerPort: 91, protocol: 'tcp' },
    { containerPort: 92, protocol: 'udp' },
  ],
  size: { written: 2048, image: 6_997_952 },
};
const job: ContainerSummary = {
  id: 'c'.repeat(64),
  name: 'job',
  image: 'alpine',
  command: ['x\u001b[31m "q" ünï'],
  created: ago(300),
  status: 'stopped',
  exitCode: 137,
  finished: ago(60),
  rm: false,
  size: { written: 0, image: 0 },
};

function print<Row>(listing: Listing<Row>, rows: readonly Row[], manner: Manner = {}): string {
  return prepare(listing, { now: NOW, ...manner }).print(rows);
}
const ps = (format?: string, manner: Manner = {}) => print(CONTAINERS, [web, job], { format, ...manner });

describe('ps', () => {
  it('prints the table that docker prints', () => {
    assert.equal(
      ps(),
      [
        'CONTAINER ID   IMAGE          COMMAND                  CREATED         STATUS                            PORTS                                                                 NAMES',
        'aaaaaaaaaaaa   nginx:latest   "sh -c \'echo hi; sle…"   5 minutes ago   Up 5 minutes (healthy)            90-91/tcp, 443/tcp, 92/udp, 0.0.0.0:8080->80/tcp, [::]:8080->80/tcp   web',
        'cccccccccccc   alpine         "x\\x1b[31m \\"q\\" ünï"    5 minutes ago   Exited (137) About a minute ago                                                                         job',
        '',
      ].join('\n'),
    );
  });

  it('prints heads alone when there are none', () => {
    const heads = 'CONTAINER ID   IMAGE     COMMAND   CREATED   STATUS    PORTS     NAMES\n';
    for (const format of [undefined, '', 'table', 'table ']) assert.equal(print(CONTAINERS, [], { format }), heads);
    assert.equal(print(CONTAINERS, [], { format: 'table {{.Names}}' }), 'NAMES\n');
    for (const format of ['json', 'raw', '{{.Names}}']) assert.equal(print(CONTAINERS, [], { format }), '');
  });

  it('adds sizes with --size, and shows everything whole with --no-trunc', () => {
    const lines = ps(undefined, { columns: SIZE_COLUMNS, noTrunc: true }).split('\n');
    assert.match(lines[0] ?? '', /NAMES {5}SIZE$/);
    assert.match(lines[1] ?? '', /^a{64} {3}nginx:latest {3}"sh -c 'echo hi; sleep 1000'" .* web {7}2\.05kB \(virtual 7MB\)$/);
    assert.match(lines[2] ?? '', /job {7}0B$/);
  });

  it('prints an object on each line with --format json', () => {
    const [first, second, none] = ps('json').split('\n');
    assert.equal(none, '');
    assert.deepEqual(JSON.parse(first ?? ''), {
      Command: '"sh -c \'echo hi; sle…"',
      CreatedAt: CONTAINERS.fields['CreatedAt']?.text(web, { noTrunc: false, now: NOW }),
      ID: 'aaaaaaaaaaaa',
      Image: 'nginx:latest',
      Labels: 'a=1,b=2,com.example.my-key=v1',
      LocalVolumes: '1',
      Mounts: 'averyveryveryl…,/home/me/src',
      Names: 'web',
      Networks: 'bridge,other',
      Ports: '90-91/tcp, 443/tcp, 92/udp, 0.0.0.0:8080->80/tcp, [::]:8080->80/tcp',
      RunningFor: '5 minutes ago',
      Size: '2.05kB (virtual 7MB)',
      State: 'running',
      Status: 'Up 5 minutes (healthy)',
    });
    assert.equal(JSON.parse(second ?? '').Command, '"x\\x1b[31m \\"q\\" ünï"');
    assert.equal(ps('{{json .}}'), ps('json'));
  });

  it('prints by a template, with docker’s escapes', () => {
    assert.equal(ps('{{.Names}}\\t{{.Label "com.example.my-key"}}\\n-'), 'web\tv1\n-\njob\t\n-\n');
    assert.equal(ps('{{.Names}}: {{lower .State | title}}'), 'web: Running\njob: Exited\n');
    assert.equal(ps('{{if eq .State "exited"}}{{.Names}}{{end}}'), '\njob\n');
  });

  it('prints a table by a template, with heads made from it', () => {
    assert.equal(
      ps('table {{.Names}}\\t{{.Label "com.example.my-key"}}\\t{{lower .Image}}\\tx{{truncate .ID 3}}'),
      [
        'NAMES     my key    IMAGE          xCONTAINER ID',
        'web       v1        nginx:latest   xaaa',
        'job                 alpine         xccc',
        '',
      ].join('\n'),
    );
    assert.equal(ps('table{{.Names}}'), 'NAMES\nweb\njob\n');
  });

  it('prints raw as docker does', () => {
    assert.match(
      ps('raw'),
      /^container_id: a{12}\nimage: nginx:latest\ncommand: "sh -c 'echo hi; sle…"\ncreated_at: .*\nstate: running\nstatus: Up 5 minutes \(healthy\)\nnames: web\nlabels: a=1,b=2,com\.example\.my-key=v1\nports: 90-91.*\n\ncontainer_id: c{12}\n/,
    );
    assert.match(ps('raw'), /names: job\nlabels:\nports:\n\n$/);
  });

  it('prints ids alone with -q, whatever the format', () => {
    assert.equal(ps('{{.Names}}', { quiet: true }), 'aaaaaaaaaaaa\ncccccccccccc\n');
    assert.equal(ps(undefined, { quiet: true, noTrunc: true }), `${'a'.repeat(64)}\n${'c'.repeat(64)}\n`);
  });

  it('refuses a field that there is not, also when there is nothing to list', () => {
    for (const format of ['{{.Nmaes}}', 'table {{.Names}}\\t{{.Nmaes}}', '{{range .Nmaes}}{{end}}']) {
      assert.throws(() => prepare(CONTAINERS, { format }), { code: 'ERR_TSRUN_TEMPLATE', hint: 'Did you mean .Names?' }, format);
    }
  });

  it('tells that it needs the size, which is dear, only when it is named', () => {
    assert.ok(prepare(CONTAINERS, { format: '{{.Size}}' }).needs.has('Size'));
    assert.ok(prepare(CONTAINERS, { columns: SIZE_COLUMNS }).needs.has('Size'));
    for (const format of [undefined, 'json', '{{.Names}}']) assert.ok(!prepare(CONTAINERS, { format }).needs.has('Size'));
  });

  it('says N/A, never a number, for what nobody has looked at', () => {
    const { size: _size, ...unmeasured } = web;
    assert.equal(print(CONTAINERS, [unmeasured], { format: '{{.Size}}' }), 'N/A\n');
  });

  it('keeps each container on its line and the terminal as it is', () => {
    const hostile = { ...web, labels: { a: 'x\ny\tz\x1b]0;owned\x07' } };
    assert.equal(
      print(CONTAINERS, [hostile], { format: '{{.Label "a"}}|{{.Labels}}' }),
      'x\\ny\\tz\\x1b]0;owned\\x07|a=x\\ny\\tz\\x1b]0;owned\\x07\n',
    );
  });

  it('is not asked for two kinds of JSON', () => {
    assert.throws(() => refuseBoth({ json: true, format: 'json' }), { code: 'ERR_TSRUN_USAGE' });
    refuseBoth({ json: true });
    refuseBoth({ format: 'json' });
  });

  it('joins a command as docker does: words with blanks are quoted', () => {
    assert.equal(commandLine(['sh', '-c', 'a b']), "sh -c 'a b'");
    assert.equal(commandLine(['/my program', 'x']), '/my program x');
    assert.equal(commandLine([]), '');
  });
});

const image = (names: string[], digit: string, more: object = {}) => ({
  id: `sha256:${digit.repeat(64)}`,
  names,
  digest: `sha256:${'d'.repeat(64)}`,
  created: ago(86_400 * 15),
  size: 7_834_567,
  platform: 'linux/amd64',
  ...more,
});
const images = [
  image(['docker.io/library/alpine:latest', 'docker.io/library/alpine:3.20'], 'a'),
  image([`localhost:5000/team/app@sha256:${'e'.repeat(64)}`], 'b', { size: 120_000_000, created: ago(30 * 3600) }),
  image([], 'c', { size: 999, created: undefined, digest: '' }),
];

describe('images', () => {
  it('have a row for each name, as docker prints them', () => {
    assert.equal(
      print(IMAGES, imageRows(images)),
      [
        'REPOSITORY                TAG       IMAGE ID       CREATED        SIZE',
        'alpine                    latest    aaaaaaaaaaaa   2 weeks ago    7.83MB',
        'alpine                    3.20      aaaaaaaaaaaa   2 weeks ago    7.83MB',
        'localhost:5000/team/app   <none>    bbbbbbbbbbbb   30 hours ago   120MB',
        '<none>                    <none>    cccccccccccc   N/A            999B',
        '',
      ].join('\n'),
    );
  });

  it('show digests when asked', () => {
    const lines = print(IMAGES, imageRows(images), { columns: DIGEST_COLUMNS }).split('\n');
    assert.match(lines[0] ?? '', /TAG {7}DIGEST {68}IMAGE ID/);
    assert.match(lines[1] ?? '', /latest {4}sha256:d{64} {3}a{12}/);
    assert.match(lines[4] ?? '', /<none> {68}c{12}/);
  });

  it('print each id once with -q, whole with --no-trunc', () => {
    const rows = oncePerImage(imageRows(images));
    assert.equal(print(IMAGES, rows, { quiet: true }), 'aaaaaaaaaaaa\nbbbbbbbbbbbb\ncccccccccccc\n');
    assert.match(print(IMAGES, rows, { quiet: true, noTrunc: true }), /^sha256:a{64}\n/);
  });

  it('have docker’s fields as JSON', () => {
    const [first] = print(IMAGES, imageRows(images), { format: 'json' }).split('\n');
    const { CreatedAt, ...fields } = JSON.parse(first ?? '');
    assert.match(CreatedAt, /^20\d\d-\d\d-\d\d \d\d:\d\d:00 [+-]\d{4} \S+$/);
    assert.deepEqual(fields, {
      Containers: 'N/A',
      CreatedSince: '2 weeks ago',
      Digest: `sha256:${'d'.repeat(64)}`,
      ID: 'aaaaaaaaaaaa',
      Repository: 'alpine',
      SharedSize: 'N/A',
      Size: '7.83MB',
      Tag: 'latest',
      UniqueSize: 'N/A',
      VirtualSize: '7.835MB',
    });
  });

  it('are heads alone for an empty store', () => {
    assert.equal(print(IMAGES, []), 'REPOSITORY   TAG       IMAGE ID   CREATED   SIZE\n');
  });
});

describe('volumes', () => {
  const volumes = [{ name: 'data', mountpoint: '/var/lib/x/_data', labels: { b: '2', a: '1' } }];
  it('are listed as docker lists them', () => {
    assert.equal(print(VOLUMES, volumes), 'DRIVER    VOLUME NAME\nlocal     data\n');
    assert.equal(print(VOLUMES, volumes, { quiet: true }), 'data\n');
    assert.equal(
      print(VOLUMES, volumes, { format: 'json' }),
      '{"Availability":"N/A","Driver":"local","Group":"N/A","Labels":"a=1,b=2","Links":"N/A","Mountpoint":"/var/lib/x/_data","Name":"data","Scope":"local","Size":"N/A","Status":"N/A"}\n',
    );
    assert.equal(print(VOLUMES, volumes, { format: '{{.Name}} {{.Label "a"}}' }), 'data 1\n');
  });
});

describe('shownName', () => {
  it("leaves out docker's own registry only", () => {
    assert.equal(shownName('docker.io/library/alpine:latest'), 'alpine:latest');
    assert.equal(shownName('docker.io/me/app:1'), 'me/app:1');
    assert.equal(shownName('quay.io/library/alpine'), 'quay.io/library/alpine');
    assert.equal(shownName('docker.io/library/deep/name'), 'library/deep/name');
  });
});

describe('the rows of images', () => {
  it('are one for a tag, also when the image was pulled by tag and digest, too', () => {
    const digest = `sha256:${'d'.repeat(64)}`;
    const app = 'localhost:5000/app';
    const names = [`${app}:latest`, `${app}:latest@${digest}`, `${app}@${digest}`];
    const rows = imageRows([{ id: `sha256:${'a'.repeat(64)}`, names, digest, size: 1, platform: 'linux/amd64' } as ImageSummary]);
    assert.deepEqual(
      rows.map(({ repository, tag }) => [repository, tag]),
      [
        [app, 'latest'],
        [app, '<none>'],
      ],
    );
  });
});
