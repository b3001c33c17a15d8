/** What happens to volumes: filled once, given to a user, out of their name only when nobody has them. Without a container: the same for any tree. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Operation } from '../../src/plan/operations.js';
import { succeed } from '../harness/process.js';
import { temporaryDirectory } from '../harness/temporary.js';
import { one } from './plain.js';
import { launch, missing, type Report, released, sanitized } from './program.js';

const O_PATH_DIRECTORY = 0o10200000;
const O_RDWR = 2;
const root = process.getuid?.() === 0;

for (const [name, helper] of Object.entries({ released, sanitized })) {
  describe(`copy-up, ${name}`, { skip: missing(helper) }, () => {
    it('fills what is empty, with modes, times and links, and what is not stays', async () => {
      const { image, volume, fill } = place();
      mkdirSync(join(image, 'data/sub'), { recursive: true });
      writeFileSync(join(image, 'data/sub/file'), 'from the image');
      linkSync(join(image, 'data/sub/file'), join(image, 'data/again'));
      symlinkSync('/etc/passwd', join(image, 'data/link'));
      chmodSync(join(image, 'data'), 0o1770);
      await succeed(['touch', '-d', '2001-02-03 04:05:06', join(image, 'data')]);
      assert.deepEqual(await fill('/data'), 0);
      assert.deepEqual(readdirSync(volume).sort(), ['again', 'link', 'sub']);
      assert.equal(readlinkSync(join(volume, 'link')), '/etc/passwd');
      assert.equal(statSync(join(volume, 'again')).ino, statSync(join(volume, 'sub/file')).ino);
      assert.equal(statSync(volume).mode & 0o7777, 0o1770);
      assert.equal(statSync(volume).mtime.getFullYear(), 2001);
      writeFileSync(join(image, 'data/late'), '');
      assert.deepEqual(await fill('/data'), 0);
      assert.ok(!existsSync(join(volume, 'late')));
    });

    it('takes what is in the root, wherever a link points', async () => {
      const { image, volume, fill } = place();
      const outside = temporaryDirectory();
      writeFileSync(join(outside, 'canary'), 'secret');
      mkdirSync(join(image, 'inside'));
      writeFileSync(join(image, 'inside/file'), '');
      symlinkSync(outside, join(image, 'absolute'));
      symlinkSync(`../../../../../../../..${outside}`, join(image, 'relative'));
      symlinkSync('../../inside', join(image, 'kept'));
      assert.equal(await fill('/absolute'), 0);
      assert.equal(await fill('/relative'), 0);
      assert.equal(await fill(`/../../..${outside}`), 0);
      assert.deepEqual(readdirSync(volume), [], 'there is no such directory inside');
      assert.equal(await fill('/kept'), 0);
      assert.deepEqual(readdirSync(volume), ['file']);
    });

    it('does not copy the whole root, nor a file', async () => {
      const { image, volume, fill, mark } = place();
      symlinkSync('/', join(image, 'all'));
      writeFileSync(join(image, 'file'), '');
      assert.equal(await fill('/all'), 16);
      assert.equal(await fill('/file'), 20);
      assert.deepEqual([readdirSync(volume), statSync(mark).size], [[], 0]);
    });

    it('begins anew where it was killed', async () => {
      const { image, volume, fill, mark } = place();
      mkdirSync(join(image, 'data'));
      for (const file of ['one', 'two']) writeFileSync(join(image, 'data', file), file);
      mkdirSync(join(volume, 'half'));
      writeFileSync(join(volume, 'half/one'), 'o');
      writeFileSync(mark, '+');
      assert.equal(await fill('/data'), 0);
      assert.deepEqual(readdirSync(volume).sort(), ['one', 'two']);
      assert.equal(statSync(mark).size, 0);
      truncateSync(join(volume, 'one'));
      assert.equal(await fill('/data'), 0);
      assert.equal(readFileSync(join(volume, 'one'), 'utf8'), '', 'it is the user’s now');
    });

    it('happens once when several come at once', async () => {
      const { image, volume, fill } = place();
      mkdirSync(join(image, 'data'));
      for (let count = 0; count < 200; count++) writeFileSync(join(image, 'data', `file-${count}`), 'x'.repeat(10_000));
      assert.deepEqual(await Promise.all(Array.from({ length: 6 }, () => fill('/data'))), [0, 0, 0, 0, 0, 0]);
      assert.equal(readdirSync(volume).length, 200);
      assert.ok(readdirSync(volume).every((file) => statSync(join(volume, file)).size === 10_000));
    });

    function place() {
      const [image, volume, other] = [temporaryDirectory(), temporaryDirectory(), temporaryDirectory()];
      const mark = join(other, 'copying');
      writeFileSync(mark, '');
      const fill = (path: string) =>
        perform([
          ['open', image, O_PATH_DIRECTORY, 'root'],
          ['open', volume, O_PATH_DIRECTORY, 'tree'],
          ['open', mark, O_RDWR, 'mark'],
          ['copy-up', 'root', path, 'tree', 'mark'],
        ]);
      return { image, volume, mark, fill };
    }
  });

  describe(`chown-tree, ${name}`, { skip: missing(helper) || (root ? false : 'only root gives files away') }, () => {
    const give = (path: string) =>
      perform([
        ['open', path, 0o10000000, 'tree'],
        ['chown-tree', 'tree', 1234, 5678],
      ]);

    it('gives everything in a tree, links themselves, and nothing that they lead to', async () => {
      const [tree, outside] = [temporaryDirectory(), temporaryDirectory()];
      writeFileSync(join(outside, 'canary'), '');
      mkdirSync(join(tree, 'a/b'), { recursive: true });
      writeFileSync(join(tree, 'a/b/file'), '');
      symlinkSync(outside, join(tree, 'out'));
      symlinkSync(join(outside, 'canary'), join(tree, 'a/out'));
      await succeed(['mkfifo', join(tree, 'fifo')]);
      assert.equal(await give(tree), 0);
      for (const path of ['', 'a', 'a/b', 'a/b/file', 'out', 'a/out', 'fifo']) {
        const { uid, gid } = lstatSync(join(tree, path));
        assert.deepEqual([uid, gid], [1234, 5678], path);
      }
      for (const path of [outside, join(outside, 'canary')]) assert.equal(statSync(path).uid, 0);
    });

    it('leaves what is his already, with its set-id bits; takes a file alone', async () => {
      const tree = temporaryDirectory();
      const file = join(tree, 'file');
      writeFileSync(file, '');
      assert.equal(await give(file), 0);
      assert.deepEqual([statSync(file).uid, statSync(tree).uid], [1234, 0]);
      chmodSync(file, 0o4755);
      assert.equal(await give(tree), 0);
      assert.equal(statSync(file).mode & 0o7777, 0o4755);
    });

    it('ends at another mount', async () => {
      const [tree, other] = [temporaryDirectory(), temporaryDirectory()];
      mkdirSync(join(tree, 'mounted'));
      writeFileSync(join(other, 'file'), '');
      const mounting = ['unshare', '-m', 'sh', '-c', 'mount --bind "$1" "$0/mounted" && shift && exec "$@"', tree, other];
      const operations: Operation[] = [
        ['open', tree, 0o10000000, 'tree'],
        ['chown-tree', 'tree', 1234, 5678],
      ];
      assert.equal((await launch([...mounting, ...helper], one(...operations)).finished).code, 0);
      assert.deepEqual([statSync(tree).uid, statSync(other).uid, statSync(join(other, 'file')).uid], [1234, 0, 0]);
    });

    it('is not led astray by somebody who swaps directories for links meanwhile', async () => {
      const [tree, outside] = [temporaryDirectory(), temporaryDirectory()];
      writeFileSync(join(outside, 'canary'), '');
      mkdirSync(join(tree, 'dir/deep'), { recursive: true });
      symlinkSync(outside, join(tree, 'link'));
      const swap = `import ctypes,os\nlibc=ctypes.CDLL(None)\nos.chdir(${JSON.stringify(tree)})\nprint('go',flush=True)\nwhile True: libc.renameat2(-100,b'dir',-100,b'link',2)\n`;
      const { start } = await import('../harness/process.js');
      const swapper = start(['python3', '-c', swap]);
      await swapper.waitFor(/go/);
      try {
        for (let count = 0; count < 25; count++) {
          await succeed(['chown', '-h', '0:0', tree, join(tree, 'dir'), join(tree, 'link')]);
          assert.equal(await give(tree), 0);
        }
      } finally {
        swapper.child.kill('SIGKILL');
      }
      assert.deepEqual([statSync(outside).uid, statSync(join(outside, 'canary')).uid], [0, 0]);
    });
  });

  describe(`rename-unlocked, ${name}`, { skip: missing(helper) }, () => {
    it('renames what nobody holds, and is content where there is nothing', async () => {
      const work = temporaryDirectory();
      mkdirSync(join(work, 'from'));
      assert.equal(await perform([['rename-unlocked', join(work, 'from'), join(work, 'to')]]), 0);
      assert.deepEqual(readdirSync(work), ['to']);
      assert.equal(await perform([['rename-unlocked', join(work, 'from'), join(work, 'other')]]), 0);
      mkdirSync(join(work, 'held'));
      const held: Operation[] = [
        ['lock', join(work, 'held'), 0, 'lock'],
        ['rename-unlocked', join(work, 'held'), join(work, 'gone')],
      ];
      assert.equal(await perform(held), 0);
      assert.deepEqual(readdirSync(work).sort(), ['held', 'to']);
    });
  });

  /** The errno of the operation that failed, 0 when all was well. */
  async function perform(operations: Operation[]): Promise<number> {
    const { finished, reports } = launch(helper, one(...operations));
    const { stderr } = await finished;
    const report: Report = await reports;
    assert.ok(report.failed !== undefined || stderr === '', stderr);
    return report.failed?.error ?? 0;
  }
}

describe('the slot new-id:N', () => {
  it('is the same within an execution, another for each number, another each time', async () => {
    const work = temporaryDirectory();
    const text = (number: number) => `\0{new-id:${number}}\0`;
    const all: string[] = [];
    for (const name of ['one', 'two']) {
      const file = join(work, name);
      const { finished } = launch(released, one(['write-file', file, 0o600, `${text(0)} ${text(1)} ${text(999)} \0{id}\0 ${text(0)}`]));
      assert.equal((await finished).code, 0);
      const words = readFileSync(file, 'utf8').split(' ');
      assert.ok(words.every((word) => /^[0-9a-f]{64}$/.test(word)));
      assert.equal(words[0], words[4]);
      all.push(...words.slice(0, 4));
    }
    assert.equal(new Set(all).size, 8);
  });
});
