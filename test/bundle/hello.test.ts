import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { buildHelloImage } from '../../fixtures/hello/build.js';
import { helloSource } from './hello-source.js';

const has = (program: string) => spawnSync(program, ['--version']).error === undefined;

describe('the hello image', { skip: has('gcc') ? false : 'no C compiler (gcc)' }, () => {
  let directory = '';
  let layout = '';
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'tsrun-hello-test-'));
    layout = join(directory, 'layout');
    buildHelloImage({ source: helloSource(), directory: layout, ref: 'latest' });
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  it('is the same bytes each time', () => {
    const one = buildHelloImage({ source: helloSource(), directory: join(directory, 'one') });
    const two = buildHelloImage({ source: helloSource(), directory: join(directory, 'two') });
    assert.equal(one.digest, two.digest);
    assert.equal(readFileSync(join(directory, 'one/index.json'), 'utf8'), readFileSync(join(directory, 'two/index.json'), 'utf8'));
  });

  it('is read by skopeo', { skip: has('skopeo') ? false : 'skopeo is not installed' }, () => {
    const inspected = JSON.parse(execFileSync('skopeo', ['inspect', `oci:${layout}:latest`], { encoding: 'utf8' })) as Record<
      string,
      unknown
    >;
    assert.equal(inspected['Os'], 'linux');
    assert.equal((inspected['Layers'] as string[]).length, 1);
    const config = JSON.parse(execFileSync('skopeo', ['inspect', '--config', `oci:${layout}:latest`], { encoding: 'utf8' })) as {
      config: object;
    };
    assert.deepEqual((config.config as { Entrypoint: string[] }).Entrypoint, ['/hello']);
  });

  it('is unpacked by umoci into one program, which runs', { skip: has('umoci') ? false : 'umoci is not installed' }, () => {
    const bundle = join(directory, 'bundle');
    const rootless = process.getuid?.() === 0 ? [] : ['--rootless'];
    execFileSync('umoci', ['unpack', ...rootless, '--image', `${layout}:latest`, bundle], { stdio: 'pipe' });
    const program = join(bundle, 'rootfs/hello');
    assert.equal(statSync(program).mode & 0o7777, 0o755);
    const host = ['user', 'mnt', 'pid', 'net', 'ipc', 'uts', 'cgroup'].map((name) => `${name}=${statSync(`/proc/self/ns/${name}`).ino}`);
    const output = execFileSync(program, [...host.slice(1), 'user=1'], { encoding: 'utf8' });
    assert.match(output, /^ {2}hostname {4}\S+/m);
    assert.match(output, /^ {2}uid map +\d/m);
    assert.match(output, /^ {2}root +\S+, read-/m);
    assert.match(output, /^ {2}user +\d+ +1 +.*✓ own$/m);
    assert.match(output, /^ {2}mnt .*• the host's$/m);
    assert.match(output, /1 of 7 namespaces are its own/);
    assert.ok(!output.includes('\u001b'), 'no colour in a pipe');
    for (const line of output.split('\n')) assert.ok([...line].length <= 80, line);
  });

  it('says which package is missing', () => {
    const build = (compiler: string) => buildHelloImage({ source: helloSource(), directory: join(directory, 'none'), compiler });
    assert.throws(() => build('no-such-compiler'), {
      code: 'ERR_TSRUN_UNSUPPORTED',
      message: /no-such-compiler/,
      hint: /libc6-dev.*build-base/,
    });
  });
});
