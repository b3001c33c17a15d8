import assert from 'node:assert/strict';
import { readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { inCheckout } from '../harness/checkout.js';
import type { Case } from './corpus.js';
import { compressed } from './corpus-compressed.js';
import { describeTree } from './describe.js';
import { isRoot, unpack } from './harness.js';
import { extractAll, type Tool, type Tree, unpackAll } from './oracles.js';
import { archive, directory, file, hardlink, pax, symlink } from './tar-builder.js';
import { WHOLE } from './whole-corpus.js';

const CASES = WHOLE.filter(({ needsRoot }) => isRoot || needsRoot !== true);
const GOLDEN = inCheckout('test/layer/golden/corpus.txt');
/** umoci gives owners, which takes root. */
const TOOLS: readonly Tool[] = isRoot ? ['gnu', 'bsdtar', 'umoci'] : ['gnu', 'bsdtar'];

type All = Awaited<ReturnType<typeof everything>>;

/** One process for each of them. */
async function everything() {
  const tars = CASES.map(({ tar }) => [tar]);
  const [alone, merged] = await Promise.all([unpackAll(CASES, 'alone'), unpackAll(CASES, 'merged')]);
  const trees = await Promise.all(TOOLS.map(async (tool) => [tool, await extractAll(tool, tars)] as const));
  return { alone, merged, by: Object.fromEntries(trees) as Record<Tool, (Tree | string)[]> };
}

/** The root's own metadata count only when the archive has an entry for it; a mark of overlay's is not the layer's. */
function comparable(tree: Tree, { timeless = [] }: Case, hasRoot: boolean, lost: readonly string[] = []): Tree {
  const kept = structuredClone(tree);
  if (!hasRoot) delete kept['.'];
  for (const [path, seen] of Object.entries(kept)) {
    if (timeless.includes(path) || lost.includes(path)) delete seen.mtime;
    delete seen.xattrs?.['user.overlay.opaque'];
    if (seen.xattrs && Object.keys(seen.xattrs).length === 0) delete seen.xattrs;
  }
  return kept;
}

describe(`each of ${CASES.length} archives`, () => {
  let all: All;
  const ours = (index: number) => {
    const { done, error, tree } = all.merged[index] as All['merged'][number];
    assert.equal(error, undefined);
    return { tree, hasRoot: done?.root !== undefined };
  };
  before(async () => {
    all = await everything();
  });

  describe('unpacks on its own as on its parents, and tells when it needs them', () => {
    for (const [index, each] of CASES.entries())
      test(each.name, () => {
        const { tree, hasRoot } = ours(index);
        const alone = all.alone[index] as All['alone'][number];
        assert.deepEqual([alone.notSelfContained, alone.error], [each.needsParents, undefined]);
        if (each.needsParents === undefined) assert.deepEqual(comparable(alone.tree, each, hasRoot), comparable(tree, each, hasRoot));
      });
  });

  for (const tool of TOOLS)
    describe(`becomes what ${tool} makes of it`, () => {
      for (const [index, each] of CASES.entries())
        if (each.unlike?.[tool] === undefined)
          test(each.name, () => {
            const { tree, hasRoot } = ours(index);
            const theirs = all.by[tool][index] as Tree | string;
            if (typeof theirs === 'string') assert.fail(`${tool} says: ${theirs}`);
            const lost = each.mtimeLost ?? [];
            assert.deepEqual(comparable(tree, each, hasRoot, lost), comparable(theirs, each, hasRoot, lost));
          });
    });

  if (isRoot)
    test('becomes what is written down of it', () => {
      const text = CASES.map((each, index) => {
        const { tree, hasRoot } = ours(index);
        const unlike = Object.entries(each.unlike ?? {}).map(([tool, why]) => `  (unlike ${tool}: ${why})\n`);
        return `${each.name}\n${unlike.join('')}${describeTree(comparable(tree, each, hasRoot))}\n`;
      }).join('\n');
      if (process.env['UPDATE_GOLDEN']) writeFileSync(GOLDEN, text);
      assert.equal(text, readFileSync(GOLDEN, 'utf8'));
    });
});

describe('a blob is what it contains, whoever wrote it for which reader', () => {
  const blobs = compressed();
  let trees: Awaited<ReturnType<typeof unpackAll>>;
  let plain: Awaited<ReturnType<typeof unpackAll>>;
  before(async () => {
    [trees, plain] = await Promise.all([
      unpackAll(blobs, 'alone'),
      unpackAll(
        blobs.map(({ tar }) => ({ tar })),
        'alone',
      ),
    ]);
  });
  for (const [index, { name }] of blobs.entries())
    test(name, () => {
      const { error, tree } = trees[index] as (typeof trees)[number];
      assert.equal(error, undefined);
      assert.deepEqual({ ...tree, '.': undefined }, { ...plain[index]?.tree, '.': undefined });
      if (name === 'eStargz') assert.ok('stargz.index.json' in tree && '.no.prefetch.landmark' in tree);
    });
});

test('what the report says', async () => {
  const tar = archive(
    directory('./', { mode: 0o1755, uid: 0, gid: 0, mtime: -1 }),
    file('a', 'four'),
    pax({
      'SCHILY.xattr.trusted.x': '1',
      'SCHILY.xattr.security.selinux': 'label',
      'LIBARCHIVE.xattr.security.ima': 'AQI',
      'SCHILY.acl.access': 'user::rw-',
      'SCHILY.xattr.trusted.y': '2',
    }),
    file('b', 'x'),
    pax({ 'SCHILY.xattr.trusted.x': 'again' }),
    file('b2', 'x'),
    file('.wh.c'),
  );
  const { done } = await unpack(tar);
  assert.deepEqual(done, {
    entries: 5,
    bytes: 6,
    root: { mode: 0o1755, uid: 0, gid: 0, mtime: '-1000000000' },
    squashedOwners: 0,
    skippedDevices: [],
    skippedXattrs: ['system.posix_acl_access', 'trusted.x', 'security.selinux', 'trusted.y', 'security.ima'],
  });
});

test('without a root of its own links that begin at the root lead to the same place, by whatever name they are known', async () => {
  const tar = archive(
    directory('a/b/'),
    directory('c/'),
    file('etc/x', 'x'),
    symlink('a/b/from-root', '/etc/x'),
    symlink('a/b/beside', 'from-root'),
    symlink('top', '/etc'),
    hardlink('again', 'a/b/from-root'),
    hardlink('c/again', 'a/b/from-root'),
    hardlink('c/top', 'top'),
    hardlink('c/beside', 'a/b/beside'),
  );
  const { target, status, stderr } = await unpack(tar, { mode: 'merged', confined: '/nowhere' });
  assert.equal(status, 0, stderr);
  const links = Object.fromEntries(
    ['a/b/from-root', 'again', 'c/again', 'top', 'c/top', 'c/beside'].map((path) => [path, readlinkSync(join(target, path))]),
  );
  assert.deepEqual(links, {
    'a/b/from-root': '../../etc/x',
    again: 'etc/x',
    'c/again': '../etc/x',
    top: 'etc',
    'c/top': '../etc',
    'c/beside': 'from-root',
  });
});
