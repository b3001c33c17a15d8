/** `save` and `load` at the command line: pipes, files, terminals, readers that go, disks that are full, and other tools' archives. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Identity, identities } from '../../harness/identity.js';
import { busyboxImage } from '../../harness/images.js';
import { mountNamespace } from '../../harness/mount-namespace.js';
import { openTerminal } from '../../harness/pty.js';
import { type Sandbox, sandbox } from '../../harness/tsrun.js';
import { until } from '../../harness/wait.js';
import { halfMade, wrongBlobs } from '../pull/store.js';

const who = identities().find(({ name, unavailable }) => name !== 'root' && unavailable === undefined) as Identity;

describe('images as files', () => {
  let here: Sandbox;
  let digest: string;
  const ok = async (...words: string[]) => {
    const { code, stdout, stderr } = await here.tsrun(words);
    assert.equal(code, 0, `${words.join(' ')}: ${stderr}`);
    return stdout;
  };
  /** A script of sh, with tsrun in front of its path. */
  const shell = (script: string) =>
    here.command(['sh', '-c', `tsrun() { "${here.program}" "$@"; }; ${script}`], { cwd: here.home }).finished;
  const digests = async () => (JSON.parse(await ok('images', '--json')) as { digest: string }[]).map((image) => image.digest);

  before(async () => {
    here = sandbox(who);
    const { reference } = await busyboxImage();
    await ok('pull', '-q', reference);
    await ok('tag', reference, 'app:1', 'example.com/team/app:2');
    await ok('rmi', reference);
    [digest = ''] = await digests();
    await ok('save', '-o', join(here.home, 'a.tar'), 'app:1', 'example.com/team/app:2');
  });
  after(() => here?.[Symbol.asyncDispose]());

  it('go through pipes and files, compressed or not, and come back with their names and digests', async () => {
    const names = 'Loaded image: app:1\nLoaded image: example.com/team/app:2\n';
    await ok('rmi', 'app:1');
    await ok('rmi', 'example.com/team/app:2');
    const { code, stdout, stderr } = await shell(`set -e
      cat a.tar | tsrun load
      tsrun load < a.tar
      gzip < a.tar | tsrun load -q
      tsrun save app:1 example.com/team/app:2 | zstd -q | tsrun load
      tsrun save app:1 example.com/team/app:2 > b.tar
      cmp a.tar b.tar
      (head -c 700 /dev/zero; cat a.tar) > behind; (dd bs=700 count=1 status=none of=/dev/null; tsrun load) < behind
      tsrun load < /dev/null 2>&1 || echo "nothing is refused"
      tsrun pull -q docker-archive:-:app:1 < a.tar
      tsrun run docker-archive:- true < a.tar 2>&1 || echo "a container is refused"`);
    assert.equal(code, 0, stderr);
    assert.ok(stdout.startsWith(names.repeat(5)), stdout);
    assert.match(stdout, /it is empty.*\nnothing is refused\n/);
    assert.match(stdout, new RegExp(`localhost/untagged@${digest}\n.*standard input is the container’s.*\na container is refused\n$`));
    assert.deepEqual([...new Set(await digests())], [digest]);
    assert.deepEqual([halfMade(here), wrongBlobs(here)], [[], []]);
    // The harness's own descriptors are sockets.
    const bytes = readFileSync(join(here.home, 'a.tar'));
    assert.equal((await here.tsrun(['load'], { input: bytes })).stdout, names);
    assert.ok((await here.tsrun(['save', 'app:1', 'example.com/team/app:2'])).stdoutBytes.equals(bytes));
  });

  it('are neither shown on a terminal nor typed', async () => {
    for (const [words, said] of [
      [['save', 'app:1'], /standard output is a terminal, and an archive is no text/],
      [['load'], /standard input is a terminal, not an archive/],
    ] as const) {
      const terminal = await openTerminal([here.program, ...words], { as: who, env: here.env, cwd: here.home });
      assert.equal((await terminal.finished).code, 125);
      assert.match(terminal.output(), said);
    }
  });

  it('leave nothing when the reader goes, the disk is full, or ^C comes', async () => {
    const { stderr } = await shell('{ tsrun save app:1; echo "ended with $?" >&2; } | head -c 700 > head');
    assert.equal(stderr, 'ended with 141\n');
    // Half of the archive has been sent, and no more comes: by a socket, and by a pipe.
    const part = readFileSync(join(here.home, 'a.tar')).subarray(0, 60_000); // as much as a pipe holds: nobody waits to write
    const pipe = 'mkfifo fifo; exec 3<>fifo; cat part >&3 & exec "$1" load < fifo';
    writeFileSync(join(here.home, 'part'), part);
    for (const command of [
      [here.program, 'load'],
      ['sh', '-c', pipe, 'sh', here.program],
    ]) {
      const loading = here.command(command, { input: 'open' });
      loading.child.stdin?.write(part);
      assert.ok(await until(() => halfMade(here).some((path) => path.startsWith('ingest/'))));
      loading.child.kill('SIGINT');
      assert.equal((await loading.finished).code, 130);
      assert.deepEqual(halfMade(here), []);
    }
    mkdirSync(join(here.home, 'out'));
    chmodSync(join(here.home, 'out'), 0o777);
    if (process.getuid?.() !== 0) return;
    const out = join(here.home, 'out');
    await using disk = await mountNamespace(`mount -t tmpfs -o size=1m,mode=0777 tmpfs "$1"`, [out]);
    for (const words of [
      ['-o', join(out, 'a.tar')],
      ['--format', 'oci-dir', '-o', join(out, 'layout')],
      ['--format', 'docker-dir', '-o', out],
    ]) {
      const full = await disk.inside(here).tsrun(['save', ...words, 'app:1']);
      assert.equal(full.code, 125);
      assert.match(full.stderr, /cannot be written: no space left on device: free some space there, or write it elsewhere/);
      assert.equal((await disk.asRoot(`ls -A ${out}`)).stdout, '');
    }
  });

  it('are read by skopeo with the digest that they have, and those that skopeo writes are loaded', async () => {
    const names = ['docker-archive', 'oci-archive', 'oci-dir', 'docker-dir'];
    for (const format of names) await ok('save', '--format', format, '-o', join(here.home, format), 'app:1');
    const inspect = async (place: string) => {
      const { code, stdout, stderr } = await shell(`skopeo --tmpdir . --insecure-policy inspect --format '{{.Digest}}' ${place}`);
      assert.equal(code, 0, `${place}: ${stderr}`);
      return stdout.trim();
    };
    for (const place of ['oci-archive:docker-archive', 'oci-archive:oci-archive', 'oci:oci-dir', 'dir:docker-dir'])
      assert.equal(await inspect(place), digest);
    assert.match(await inspect('docker-archive:docker-archive:app:1'), /^sha256:/);
    const copy = 'skopeo --tmpdir . --insecure-policy copy -q';
    const { code, stdout, stderr } = await shell(`set -e
      ${copy} oci:oci-dir oci-archive:theirs.tar:theirs:v3; tsrun load -i theirs.tar
      ${copy} docker-archive:docker-archive docker-archive:docker.tar:theirs:v4; tsrun load -i docker.tar
      ${copy} oci:oci-dir dir:theirs; tsrun load -i theirs
      ${copy} oci:oci-dir oci:layout:v5; tsrun load -i layout; tsrun image inspect -f '{{.Id}}' theirs:v4`);
    assert.equal(code, 0, stderr);
    const id = JSON.parse(await ok('image', 'inspect', 'app:1'))[0].Id;
    assert.equal(
      stdout,
      `Loaded image: localhost/theirs:v3\nLoaded image: theirs:v4\nLoaded image ID: ${id}\nLoaded image: localhost/v5:latest\n${id}\n`,
    );
    const found = JSON.parse(await ok('image', 'inspect', 'localhost/theirs:v3'))[0];
    assert.ok(found.RepoDigests.includes(`localhost/theirs@${digest}`));
  });

  it('are refused when they are not what they say, and then leave what was there', async () => {
    const bytes = readFileSync(join(here.home, 'a.tar'));
    const before = await ok('images', '--json');
    await ok('save', '-o', join(here.home, 'keep.tar'), 'app:1');
    const names = readdirSync(here.home).sort();
    await ok('rmi', '-f', digest);
    for (const at of [1500, 300_000, 900_000]) {
      const spoilt = Buffer.from(bytes);
      spoilt.writeUInt8(spoilt.readUInt8(at) ^ 1, at);
      writeFileSync(join(here.home, 'spoilt.tar'), spoilt);
      const { code, stderr } = await here.tsrun(['load', '-i', join(here.home, 'spoilt.tar')]);
      assert.equal(code, 125, String(at));
      assert.match(stderr, /arrived with digest|cannot be used|is not valid/, String(at));
      assert.equal(await ok('images', '-q'), '');
    }
    assert.deepEqual(halfMade(here), []);
    await ok('load', '-i', join(here.home, 'a.tar'));
    assert.notEqual(before, '');
    assert.deepEqual(readdirSync(here.home).sort(), [...names, 'spoilt.tar'].sort());
  });
});
