import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import type { TsrunError } from '../../src/errors.js';
import { diffIdOf } from '../../src/layer/diff-id.js';
import type { Digest } from '../../src/spec/digest.js';
import { emptyStore } from '../content/fixture.js';
import { compressed } from './corpus-compressed.js';
import { below, fresh, isRoot, look, unpack } from './harness.js';
import { archive, digestOf, directory, fifo, file, hardlink, pax, symlink } from './tar-builder.js';

/** A model of a tree: directories by nesting, everything else a leaf. */
type Node =
  | { kind: 'directory'; meta: Meta; children: Record<string, Node> }
  | { kind: 'file'; meta: Meta; data: string }
  | { kind: 'symlink'; meta: Meta; link: string }
  | { kind: 'fifo'; meta: Meta };

interface Meta {
  mode: number;
  uid: number;
  gid: number;
  seconds: number;
  nanoseconds: number;
}

const name = fc
  .string({ minLength: 1, maxLength: 30, unit: 'binary' })
  .map((text) => text.replaceAll(/[/\0]/g, '_'))
  .filter(
    (text) =>
      // __proto__ is no key of the objects that the model is kept in.
      !['.', '..', '__proto__'].includes(text) && !text.startsWith('.wh.') && Buffer.byteLength(text) <= 255 && !text.includes('\ufffd'),
  );
const id = isRoot ? fc.oneof(fc.constant(0), fc.nat(65535), fc.nat(2 ** 31)) : fc.constant(0);
const meta: fc.Arbitrary<Meta> = fc.record({
  mode: fc.nat(0o7777),
  uid: id,
  gid: id,
  seconds: fc.integer({ min: -1e9, max: 2 ** 32 }),
  nanoseconds: fc.nat(999_999_999),
});
const tree = fc.letrec<{ directory: Node; node: Node }>((tie) => ({
  directory: fc.record({
    kind: fc.constant('directory' as const),
    meta,
    children: fc.dictionary(name, tie('node'), { maxKeys: 5, noNullPrototype: false }),
  }),
  node: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.record({ kind: fc.constant('file' as const), meta, data: fc.string({ maxLength: 2000 }) }),
    fc.record({ kind: fc.constant('symlink' as const), meta, link: name }),
    fc.record({ kind: fc.constant('fifo' as const), meta }),
    tie('directory'),
  ),
})).directory as fc.Arbitrary<Extract<Node, { kind: 'directory' }>>;

const timeOf = ({ seconds, nanoseconds }: Meta) => BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds);

function paxTime(time: bigint): string {
  const [sign, magnitude] = time < 0n ? ['-', -time] : ['', time];
  return `${sign}${magnitude / 1_000_000_000n}.${String(magnitude % 1_000_000_000n).padStart(9, '0')}`;
}

function members(path: string, node: Node, out: Buffer[], expected: Record<string, unknown>): void {
  const { mode, uid, gid } = node.meta;
  const records: Record<string, string> = { path, mtime: paxTime(timeOf(node.meta)), uid: String(uid), gid: String(gid) };
  if (node.kind === 'symlink') records['linkpath'] = node.link;
  out.push(pax(records));
  const key = Buffer.from(path).toString('latin1');
  const common = { mode: (node.kind === 'symlink' ? 0o777 : mode).toString(8), owner: `${uid}:${gid}`, mtime: String(timeOf(node.meta)) };
  if (node.kind === 'file') {
    out.push(file('x', node.data, { mode }));
    expected[key] = { type: '100000', ...common, contents: digestOf(Buffer.from(node.data)).slice(7, 23) };
  } else if (node.kind === 'symlink') {
    out.push(symlink('x', 'y'));
    expected[key] = { type: '120000', ...common, link: Buffer.from(node.link).toString('latin1') };
  } else if (node.kind === 'fifo') {
    out.push(fifo('x', { mode }));
    expected[key] = { type: '10000', ...common };
  } else {
    out.push(directory('x', { mode }));
    expected[key] = { type: '40000', ...common };
    for (const [child, below] of Object.entries(node.children)) members(`${path}/${child}`, below, out, expected);
  }
}

test('any tree comes back as it was', async () => {
  await fc.assert(
    fc.asyncProperty(tree, fc.boolean(), async (root, compressed) => {
      const out: Buffer[] = [];
      const expected: Record<string, unknown> = {};
      for (const [child, node] of Object.entries(root.children)) members(child, node, out, expected);
      const tar = archive(...out);
      const { target, error } = await unpack(compressed ? gzipSync(tar) : tar, { diffId: digestOf(tar) as never });
      assert.equal(error, undefined);
      const seen = below(look(target));
      if (!isRoot) for (const [path, entry] of Object.entries(expected)) (entry as { owner?: string }).owner = seen[path]?.owner as string;
      assert.deepEqual(seen, expected);
    }),
    { numRuns: 25 },
  );
});

const DAMAGED = archive(
  directory('d'),
  pax({ path: 'd/long', uid: '0' }),
  file('x', 'contents '.repeat(300)),
  hardlink('h', 'd/long'),
  symlink('l', 'd'),
);

/** A place, and the bit that is flipped there; 8: all from there on is gone, 9: a byte more stands there, 10: a byte less. */
const damage = fc.tuple(fc.double({ min: 0, max: 0.999999, noNaN: true }), fc.nat(10));

function damaged(blob: Buffer, [place, kind]: [number, number]): { bytes: Buffer; at: number } {
  const at = Math.floor(place * blob.length);
  const [head, tail] = [blob.subarray(0, at), blob.subarray(at)];
  if (kind === 8) return { at, bytes: Buffer.from(head) };
  if (kind === 9) return { at, bytes: Buffer.concat([head, Buffer.of(0x55), tail]) };
  if (kind === 10) return { at, bytes: Buffer.concat([head, tail.subarray(1)]) };
  const bytes = Buffer.from(blob);
  bytes[at] = (bytes[at] as number) ^ (1 << kind);
  return { at, bytes };
}

const SEED = 20261123;

test('any damage to a blob is refused by the store', async (t) => {
  const store = await emptyStore(t);
  const blob = gzipSync(DAMAGED);
  const descriptor = { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest: digestOf(blob) as Digest, size: blob.length };
  await fc.assert(
    fc.asyncProperty(damage, async (what) => {
      const { bytes } = damaged(blob, what);
      if (bytes.equals(blob)) return; // a byte less, or more, in a run of the same
      await assert.rejects(
        store.fetchOnce(descriptor, async function* () {
          yield bytes;
        }),
        { code: /^ERR_TSRUN_BLOB_(SIZE|DIGEST)$/ },
      );
      assert.equal(await store.has(descriptor.digest), false);
    }),
    { numRuns: 300, seed: SEED },
  );
});

test('any damage to what the store did not look at is refused, or changes nothing of what it contains', async () => {
  const blobs = compressed().filter(({ tar }) => tar.length > 0);
  const path = fresh('blob');
  let harmless = 0;
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...blobs), damage, async ({ blob, tar, mediaType }, what) => {
      const { bytes } = damaged(blob, what);
      writeFileSync(path, bytes);
      const found = await diffIdOf(path, bytes.length, mediaType).catch((error: TsrunError) => error);
      if (typeof found !== 'string') assert.match(found.code, /^ERR_TSRUN_LAYER_(INVALID|LIMIT)$/);
      // What a compressor says besides may change: times, names, skippable frames.
      else if (found === digestOf(tar)) harmless += bytes.equals(blob) ? 0 : 1;
    }),
    { numRuns: 300, seed: SEED },
  );
  assert.ok(harmless < 100, `${harmless} of 300`);
});

test('the program refuses damage as well, and says so', async () => {
  const diffId = digestOf(DAMAGED) as never;
  const blobs = [DAMAGED, gzipSync(DAMAGED)];
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...blobs), damage, async (blob, what) => {
      const { at, bytes } = damaged(blob, what);
      const { status, done, error, notSelfContained } = await unpack(bytes, { diffId });
      // gzip's header holds a time and a system: those bits change nothing that is unpacked.
      const isHarmless = bytes.equals(blob) || (blob !== DAMAGED && at < 10);
      assert.ok(isHarmless || (done === undefined && (error !== undefined || notSelfContained !== undefined)), `byte ${at}`);
      assert.equal(status, error === undefined ? 0 : 1);
    }),
    { numRuns: 15, seed: SEED },
  );
});
