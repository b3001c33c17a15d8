/** The runtime spec is the standard's, not only ours: crun runs what buildSpec makes. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { buildHelloImage } from '../../fixtures/hello/build.js';
import { type Built, buildSpec } from '../../src/bundle/build.js';
import { templateOf } from '../../src/plan/slot.js';
import { rangeMapping } from '../../src/security/idmap-form.js';
import type { ImageConfig } from '../../src/spec/image.js';
import { helloSource } from './hello-source.js';

const missing = ['gcc', 'umoci', 'crun'].filter((program) => spawnSync(program, ['--version']).error);
const skip =
  process.getuid?.() !== 0 ? 'needs root, to write an id map without newuidmap' : missing.length > 0 ? `not installed: ${missing}` : false;
const ID = 'c0ffee'.padEnd(64, '0');

describe('a bundle in crun', { skip }, () => {
  let directory = '';
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'tsrun-crun-'));
    execFileSync('chmod', ['755', directory]);
    buildHelloImage({ source: helloSource(), directory: join(directory, 'layout') });
    execFileSync('umoci', ['unpack', '--image', `${join(directory, 'layout')}:latest`, join(directory, 'bundle')], { stdio: 'pipe' });
    // Mount targets are made inside the namespace, by its root.
    for (const path of ['bundle', 'bundle/rootfs']) chownSync(join(directory, path), BASE, BASE);
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  it('wakes up in seven namespaces of its own, under the map, with the short id for a name', () => {
    const bundle = join(directory, 'bundle');
    write(bundle, buildSpec(input(bundle)));
    // crun wants cgroup v2 at its place, whatever the machine has there.
    const script = 'mount -t cgroup2 none /sys/fs/cgroup && exec crun --cgroup-manager=disabled --root "$1" run --bundle "$2" "$3"';
    const args = ['--mount', 'sh', '-c', script, 'sh', join(directory, 'state'), bundle, `tsrun-test-${process.pid}`];
    const run = spawnSync('unshare', args, { encoding: 'utf8' });
    assert.equal(run.status, 0, run.stderr);
    assert.match(run.stdout, /hostname +c0ffee000000\n/);
    assert.match(run.stdout, /pid +1\n/);
    assert.match(run.stdout, new RegExp(`uid map +0-65535 +are ${BASE}-${BASE + 65535} on the host`));
    assert.match(run.stdout, /root +\S+, read-write, private\n/);
    assert.match(run.stdout, /7 of 7 namespaces are its own/);
  });
});

const BASE = 0x70000000;

function input(bundle: string): Parameters<typeof buildSpec>[0] {
  const namespaces = ['user', 'mnt', 'pid', 'net', 'ipc', 'uts', 'cgroup'].map(
    (name) => `${name}=${statSync(`/proc/self/ns/${name}`).ino}`,
  );
  const block = [{ start: BASE, size: 65536 }];
  const config: ImageConfig = {
    architecture: 'amd64',
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: [] },
    config: { Entrypoint: ['/hello'] },
  };
  return {
    image: { name: 'hello', config },
    options: {},
    command: namespaces,
    ids: rangeMapping(block, block, 'direct'),
    passwd: '',
    group: '',
    envFiles: [],
    host: { arch: process.arch === 'arm64' ? 'arm64' : 'x64', kernel: release(), envNames: new Set() },
    terminal: false,
    rootPath: 'rootfs',
    containerDir: bundle,
  };
}

/** As the helper does: fills the slots, writes the files. */
function write(bundle: string, { spec, files }: Built): void {
  const values: Record<string, string> = { id: ID, 'short-id': ID.slice(0, 12) };
  const fill = (text: string) =>
    templateOf(text)
      .map((part) => (typeof part === 'string' ? part : (values[part.slot] ?? assert.fail(`slot ${part.slot}`))))
      .join('');
  // Debian 12's crun knows 1.0 alone; nothing here is newer.
  const config = JSON.stringify({ ...spec, ociVersion: '1.0.2' }, (_key, value: unknown) =>
    typeof value === 'string' ? fill(value) : value,
  );
  writeFileSync(join(bundle, 'config.json'), config);
  for (const { name, text, mode } of files) {
    writeFileSync(join(bundle, name), fill(text), { mode });
    chownSync(join(bundle, name), BASE, BASE);
  }
  assert.ok(existsSync(join(bundle, 'hosts')) && !readFileSync(join(bundle, 'config.json'), 'utf8').includes('\\u0000'));
}
