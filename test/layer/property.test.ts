import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { below, isRoot, look, unpack } from './harness.js';
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

test('any flipped bit and any truncation is refused', async () => {
  const tar = archive(
    directory('d'),
    pax({ path: 'd/long', uid: '0' }),
    file('x', 'contents '.repeat(300)),
    hardlink('h', 'd/long'),
    symlink('l', 'd'),
  );
  const blobs = [tar, gzipSync(tar)];
  const diffId = digestOf(tar) as never;
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...blobs), fc.double({ min: 0, max: 0.999999, noNaN: true }), fc.nat(8), async (blob, place, bit) => {
      const at = Math.floor(place * blob.length);
      const damaged = bit === 8 ? blob.subarray(0, at) : Buffer.from(blob);
      if (bit < 8) damaged[at] = (damaged[at] as number) ^ (1 << bit);
      const { status, done, error, notSelfContained } = await unpack(damaged, { diffId });
      // gzip's header holds a time and a system: those bits change nothing that is unpacked.
      const isHarmless = blob !== tar && bit < 8 && at < 10;
      assert.ok(isHarmless || (done === undefined && (error !== undefined || notSelfContained !== undefined)), `byte ${at} bit ${bit}`);
      assert.equal(status, error === undefined ? 0 : 1);
    }),
    { numRuns: 40 },
  );
});
