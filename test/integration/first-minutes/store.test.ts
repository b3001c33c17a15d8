/** `run` on a full disk, and with a store that cannot be used: the exit code, one sentence, nothing lost. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { identities, identity } from '../../harness/identity.js';
import { busyboxImage, busyboxTar } from '../../harness/images.js';
import { writeLayout } from '../../harness/layout.js';
import { mountNamespace } from '../../harness/mount-namespace.js';
import type { Finished } from '../../harness/process.js';
import { temporaryDirectory } from '../../harness/temporary.js';
import { type Sandbox, sandbox } from '../../harness/tsrun.js';
import { archive, file } from '../../layer/tar-builder.js';
import { ordinary, unprepared } from './surroundings.js';

const LARGE = 8 * 2 ** 20;

/** busybox below a file that shrinks to nothing, or not at all. */
async function largeImages(): Promise<string> {
  const layout = temporaryDirectory();
  const base = await busyboxTar();
  const contents = { noise: randomBytes(LARGE), zeros: Buffer.alloc(LARGE) };
  const images = Object.entries(contents).map(([tag, bytes]) => ({
    tag,
    layers: [{ tar: base }, { tar: archive(file(tag, bytes)) }],
    config: { Cmd: ['wc', '-c', `/${tag}`] },
  }));
  writeLayout(layout, images);
  return `oci:${layout}`;
}

/** The one sentence; progress may stand before it. */
function sentenceOf({ code, stdout, stderr }: Finished): string {
  assert.deepEqual([code, stdout], [125, ''], stderr);
  const sentences = stderr.split('\n').filter((line) => line.startsWith('tsrun: '));
  assert.equal(sentences.length, 1, stderr);
  assert.doesNotMatch(stderr, /^ {2,}at |Error:/m, 'no trace of a stack');
  return sentences[0] ?? '';
}

describe(`as ${ordinary.name}`, { skip: ordinary.unavailable ?? false }, () => {
  it('a full disk: the sentence names the bytes needed, the path and --root; with space the same command succeeds', {
    skip: unprepared,
  }, async () => {
    const { reference } = await busyboxImage();
    const images = await largeImages();
    await using place = sandbox(ordinary);
    const mount = `mount -t tmpfs -o size=6m,mode=0700,uid=${ordinary.uid},gid=${ordinary.gid} tmpfs "$1"`;
    await using namespace = await mountNamespace(mount, [place.root]);
    const disk = namespace.inside(place);
    const resize = async (size: string) => {
      const root = namespace.inside({ ...place, identity: identity('root') });
      assert.equal((await root.command(['mount', '-o', `remount,size=${size}`, place.root]).finished).code, 0);
    };
    assert.equal((await disk.tsrun(['run', '-q', '--rm', reference, 'true'])).code, 0);
    for (const tag of ['noise', 'zeros']) {
      const sentence = sentenceOf(await disk.tsrun(['run', '--rm', `${images}:${tag}`]));
      assert.match(sentence, new RegExp(`no space left in ${place.root}/.* 839\\d{4} bytes \\(8\\.0 MiB\\) are needed.*--root DIR$`));
      assert.equal((await disk.tsrun(['run', '-q', '--rm', reference, 'echo', 'nothing lost'])).stdout, 'nothing lost\n');
    }
    await resize('64m');
    for (const tag of ['noise', 'zeros']) {
      const { stdout, stderr } = await disk.tsrun(['run', '-q', '--rm', `${images}:${tag}`]);
      assert.equal(stdout, `${LARGE} /${tag}\n`, stderr);
    }
  });

  describe('a store that cannot be used is named, with the flag that names another', () => {
    const refused = async (place: Sandbox, args: string[], said: string, env = {}) => {
      const sentence = sentenceOf(await place.tsrun(args, { env, timeoutMs: 20_000 }));
      assert.match(sentence, new RegExp(`${said}.*--root`));
    };

    it('when it is a file', async () => {
      await using place = sandbox(ordinary);
      const path = join(place.home, 'file');
      writeFileSync(path, '');
      for (const verb of ['run', 'pull']) await refused(place, [verb, '--root', path, 'alpine'], path);
    });

    it('when it belongs to somebody else', { skip: unprepared }, async () => {
      await using place = sandbox(ordinary);
      const path = join(place.home, 'theirs');
      mkdirSync(path, { mode: 0o700 });
      chownSync(path, 4321, 4321);
      for (const verb of ['run', 'pull']) await refused(place, [verb, '--root', path, 'alpine'], path);
    });

    it('when it cannot be read', async () => {
      await using place = sandbox(ordinary);
      const { reference } = await busyboxImage();
      assert.equal((await place.tsrun(['run', '-q', '--rm', reference, 'true'])).code, 0);
      chmodSync(join(place.root, 'v1/refs'), 0);
      for (const verb of ['run', 'pull']) await refused(place, [verb, reference], `${place.root}/v1/.*permission denied`);
      chmodSync(join(place.root, 'v1/refs'), 0o700);
      assert.equal((await place.tsrun(['run', '-q', '--rm', reference, 'echo', 'well'])).stdout, 'well\n');
    });

    it('when there is no place for it, at once', async () => {
      await using place = sandbox(ordinary);
      await refused(place, ['run', 'alpine'], '/proc/no/store', { TSRUN_ROOT: '/proc/no/store' });
    });
  });
});

for (const who of identities()) {
  it(`as ${who.name}: a store that is a link to another disk is used there`, { skip: who.unavailable ?? false }, async () => {
    await using place = sandbox(who);
    const { reference } = await busyboxImage();
    const link = join(place.home, 'store');
    const env = { TSRUN_ROOT: link };
    assert.equal((await place.command(['ln', '-s', join(place.directory, 'root'), link]).finished).code, 0);
    assert.equal((await place.tsrun(['run', '-q', '--name', 'kept', reference, 'true'], { env })).code, 0);
    assert.equal((await place.tsrun(['run', '-q', '--rm', reference, 'echo', 'well'], { env })).stdout, 'well\n');
    assert.equal((await place.tsrun(['rm', 'kept'], { env })).code, 0);
    assert.equal((await place.tsrun(['rmi', reference], { env })).code, 0);
    assert.deepEqual(readdirSync(join(place.root, 'v1/containers')), []);
  });
}
