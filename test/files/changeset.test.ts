/** Trees → layer → tree, with no container: what one tree differs from another by, packed and unpacked again. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  closeSync,
  ftruncateSync,
  lchownSync,
  linkSync,
  mkdirSync,
  openSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { it } from 'node:test';
import fc from 'fast-check';
import { Descriptors } from '../../src/files/descriptors.js';
import { changesOf } from '../../src/files/diff.js';
import type { ChangesetJob, DiffJob } from '../../src/files/job.js';
import { LayerPacker } from '../../src/files/layer.js';
import { pack } from '../../src/files/pack.js';
import { RecordedOwners } from '../../src/files/recorded.js';
import { LIMITS } from '../../src/layer/limits.js';
import { TarReader } from '../../src/layer/tar/reader.js';
import { lsetxattr, mknod, utimensat } from '../../src/sys/files.js';
import { below, freshDirectory, gnuTar, isRoot, look, unpack } from '../layer/harness.js';

const SEED = 20_261_123;

interface Meta {
  mode: number;
  owner: number;
  mtime: bigint;
  attribute?: string | undefined;
}

type Node =
  | { kind: 'directory'; meta: Meta; children: Record<string, Node> }
  | { kind: 'file'; meta: Meta; data: string }
  | { kind: 'symlink'; meta: Meta; link: string }
  | { kind: 'fifo'; meta: Meta }
  /** A second name of the tree's first file. */
  | { kind: 'again'; meta: Meta };

/** Few of each, so that two trees meet; latin1, not all of it UTF-8. */
const names = ['a', 'b', 'c', 'd d', '\xc3\xbc', '\xff', 'n'.repeat(180), 'wh.x'];
const meta: fc.Arbitrary<Meta> = fc.record({
  // An ordinary user must be able to look into what he made.
  mode: fc.constantFrom(0o755, 0o700, 0o4755, 0o2775, 0o1777).map((mode) => mode | (isRoot ? 0 : 0o700)),
  owner: isRoot ? fc.constantFrom(0, 1000, 65534, 3_000_000) : fc.constant(process.getuid?.() ?? 0),
  mtime: fc.constantFrom(0n, -1n, -1_500_000_001n, 1_700_000_000_123_456_789n, 1_700_000_000_000_000_000n),
  attribute: fc.option(fc.constantFrom('', 'one', '\xff\0\n='), { nil: undefined }),
});
const directory = fc.letrec<{ directory: Node; node: Node }>((tie) => ({
  directory: fc.record({
    kind: fc.constant('directory' as const),
    meta,
    children: fc.dictionary(fc.constantFrom(...names), tie('node'), { maxKeys: 4, noNullPrototype: false }),
  }),
  node: fc.oneof(
    { depthSize: 'small' },
    fc.record({ kind: fc.constant('file' as const), meta, data: fc.constantFrom('', 'one', 'two', 'long'.repeat(300)) }),
    fc.record({ kind: fc.constant('symlink' as const), meta, link: fc.constantFrom('a', '/etc/passwd', '../..', 'l'.repeat(200)) }),
    fc.record({ kind: fc.constantFrom('fifo' as const, 'again' as const), meta }),
    tie('directory'),
  ),
})).directory as fc.Arbitrary<Extract<Node, { kind: 'directory' }>>;

function build(tree: Extract<Node, { kind: 'directory' }>): string {
  const root = freshDirectory('tree');
  const made: { first?: Buffer } = {};
  for (const [name, node] of Object.entries(tree.children)) put(Buffer.from(`${root}/${name}`, 'latin1'), node, made);
  return root;
}

function put(path: Buffer, node: Node, made: { first?: Buffer }): void {
  const { kind } = node;
  if (kind === 'again' && made.first !== undefined) {
    linkSync(made.first, path);
    return;
  }
  if (kind === 'directory') {
    mkdirSync(path);
    for (const [name, child] of Object.entries(node.children)) put(Buffer.concat([path, Buffer.from(`/${name}`, 'latin1')]), child, made);
  } else if (kind === 'symlink') symlinkSync(node.link, path);
  else if (kind === 'fifo') mknod(path, 0o010_600);
  else {
    writeFileSync(path, kind === 'file' ? node.data : '');
    made.first ??= path;
  }
  dress(path, kind, node.meta);
}

function dress(path: Buffer, kind: Node['kind'], { mode, owner, mtime, attribute }: Meta): void {
  if (kind === 'symlink') lchownSync(path, owner, isRoot ? owner : (process.getgid?.() ?? 0));
  else {
    if (isRoot) chownSync(path, owner, owner);
    chmodSync(path, mode);
  }
  if (attribute !== undefined && (kind === 'file' || kind === 'directory')) lsetxattr(path, 'user.one', Buffer.from(attribute, 'latin1'));
  utimensat(path, { atime: mtime, mtime });
}

/** The layer that makes of one tree the other. */
function layerOf(changed: string, before: string, strangers: ChangesetJob['strangers'] = {}) {
  const changeset = { strangers };
  const job: DiffJob = { changed, before: [before], form: 'whole', hidden: [], changeset };
  const descriptors = new Descriptors();
  const packer = new LayerPacker(descriptors, job, changesOf(descriptors, job), changeset, new RecordedOwners([]));
  return { entries: packer.entries, tar: Buffer.concat([...packer.pieces()]) };
}

function packed(root: string): Buffer {
  const fd = openSync(root, 'r');
  const input = { descriptors: new Descriptors(), directory: fd, name: Buffer.from('.'), fd, as: Buffer.alloc(0) };
  return Buffer.concat([...pack(input, { userAttributes: true, sparse: true })]);
}

it('any tree as a layer is unpacked as that tree, and the same bytes each time', async (context) => {
  context.diagnostic(`seed ${SEED}`);
  const nothing = freshDirectory('nothing');
  await fc.assert(
    fc.asyncProperty(directory, async (model) => {
      const root = build(model);
      const { tar } = layerOf(root, nothing);
      assert.deepEqual(layerOf(root, nothing).tar, tar);
      const { target, error, stderr } = await unpack(tar);
      assert.deepEqual([error, stderr], [undefined, '']);
      assert.deepEqual(below(look(target)), below(look(root)));
    }),
    { numRuns: 8, seed: SEED },
  );
});

it('of any two trees, what is different applied to the first gives the second', async (context) => {
  context.diagnostic(`seed ${SEED}`);
  await fc.assert(
    fc.asyncProperty(directory, directory, async (first, second) => {
      const [before, after] = [build(first), build(second)];
      const { target } = await unpack(packed(before), { mode: 'merged' });
      const { entries, tar } = layerOf(after, before);
      if (entries > 0) assert.equal((await unpack(tar, { mode: 'merged', target })).error, undefined);
      assert.deepEqual(ungrouped(look(target)), ungrouped(look(after)));
    }),
    { numRuns: 8, seed: SEED },
  );
});

/** Two files that were equal and are one file now are no difference. */
function ungrouped(seen: ReturnType<typeof look>) {
  return Object.fromEntries(Object.entries(below(seen)).map(([path, { group: _group, ...entry }]) => [path, entry]));
}

it('a tree is not different from itself, nor is what tsrun put there', () => {
  const root = build({ kind: 'directory', meta: META, children: { a: { kind: 'file', meta: META, data: 'x' } } });
  assert.equal(layerOf(root, root).entries, 0);
});

const META: Meta = { mode: 0o755, owner: isRoot ? 0 : (process.getuid?.() ?? 0), mtime: 1_700_000_000_000_000_000n };

it('a file of the same size and time, but of other bytes, is different', () => {
  const trees = ['one', 'two'].map((data) => build({ kind: 'directory', meta: META, children: { a: { kind: 'file', meta: META, data } } }));
  assert.equal(layerOf(trees[0] ?? '', trees[1] ?? '').entries, 1);
});

it('names that mean whiteouts, and owners that the map does not have, are refused by name', () => {
  const nothing = freshDirectory('nothing');
  const root = build({ kind: 'directory', meta: META, children: { '.wh.a': { kind: 'file', meta: META, data: 'x' } } });
  assert.throws(() => layerOf(root, nothing), { code: 'ERR_TSRUN_UNSUPPORTED', message: /\/\.wh\.a cannot be in a layer/ });
  const own = build({ kind: 'directory', meta: META, children: { a: { kind: 'file', meta: META, data: 'x' } } });
  assert.throws(() => layerOf(own, nothing, { uid: META.owner }), { code: 'ERR_TSRUN_ID_MAP', message: /\/a \(user\)/ });
});

it('holes come back, by our reader and by GNU tar', () => {
  const root = freshDirectory('sparse');
  const fd = openSync(`${root}/holes`, 'w');
  writeSync(fd, 'begin', 0);
  writeSync(fd, 'middle', 4 << 20);
  ftruncateSync(fd, 8 << 20);
  closeSync(fd);
  const tar = packed(root);
  assert.ok(tar.length < 100_000, String(tar.length));
  const sizes: (number | undefined)[] = [];
  const reader = new TarReader({ entry: (entry) => sizes.push(entry.size, entry.extents?.length), data: () => {}, end: () => {} }, LIMITS);
  reader.push(tar);
  reader.end();
  assert.deepEqual(sizes, [8 << 20, 3]);
  assert.deepEqual(below(look(gnuTar(tar))), below(look(root)));
});
