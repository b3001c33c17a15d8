import assert from 'node:assert/strict';

import { before, describe, test } from 'node:test';
import { below, freshDirectory, gnuTar, isRoot, look, lookThroughOverlay, onOverlay, type Seen, unpack } from './harness.js';
import { extractAll, type Tree } from './oracles.js';
import { archive, directory, END, file, hardlink, pax, symlink } from './tar-builder.js';

const BASE = archive(
  directory('d', { mtime: 11 }),
  file('d/f', 'lower f'),
  file('d/g', 'lower g'),
  directory('d/e', { mtime: 12 }),
  file('d/e/h', 'lower h'),
  directory('usr'),
  directory('usr/lib', { mtime: 13 }),
  file('usr/lib/x', 'lower x'),
  symlink('lib', 'usr/lib'),
  directory('tmp', { mode: 0o1777, mtime: 14 }),
  file('plain', 'lower plain'),
);

interface LayerCase {
  layer: Buffer;
  /** Paths that are there in the end below d, lib, usr, tmp, plain…; only what the case is about. */
  has?: string[];
  hasNot?: string[];
  /** The entry that needs the parents. */
  needs?: string;
  /** Why umoci shows something else. */
  unlikeUmoci?: string;
}

const CASES: Record<string, LayerCase> = {
  'a file is hidden': { layer: archive(directory('d'), file('d/.wh.f')), has: ['d/g', 'd/e/h'], hasNot: ['d/f'] },
  'a directory is hidden with all it holds': { layer: archive(file('.wh.d'), file('.wh.nothing')), hasNot: ['d', 'd/f', 'nothing'] },
  'a link is hidden, not its target': { layer: archive(file('.wh.lib')), has: ['usr/lib/x'], hasNot: ['lib'] },
  'an opaque directory, marker first': {
    layer: archive(directory('d'), file('d/.wh..wh..opq'), file('d/n', 'new')),
    has: ['d/n'],
    hasNot: ['d/f', 'd/e'],
  },
  'an opaque directory, marker last': {
    layer: archive(directory('d'), file('d/n', 'new'), directory('d/e'), file('d/e/m', 'm'), file('d/.wh..wh..opq')),
    has: ['d/n', 'd/e/m'],
    hasNot: ['d/f', 'd/e/h'],
    unlikeUmoci: 'it loses the time of d/e',
  },
  'an opaque marker before its directory': {
    layer: archive(file('d/.wh..wh..opq'), directory('d'), file('d/n')),
    needs: 'd/.wh..wh..opq',
    has: ['d/n'],
    hasNot: ['d/f'],
  },
  'an opaque root': { layer: archive(file('.wh..wh..opq'), file('n')), needs: '.wh..wh..opq', has: ['n'], hasNot: ['d', 'plain'] },
  'hidden, then made again as a directory': {
    layer: archive(file('.wh.d'), directory('d'), file('d/n')),
    has: ['d/n'],
    hasNot: ['d/f', 'd/e'],
  },
  'made, then hidden: only the parents lose it': {
    layer: archive(directory('d'), file('d/n'), file('.wh.d')),
    has: ['d/n'],
    hasNot: ['d/f', 'd/e'],
    unlikeUmoci: 'it loses the time of d',
  },
  'a file made, then hidden, stays': { layer: archive(file('plain', 'new'), file('.wh.plain')), has: ['plain'] },
  'a directory becomes a file': { layer: archive(file('d', 'file')), has: ['d'], hasNot: ['d/f'] },
  'a directory becomes a file and a directory again': {
    layer: archive(file('d', 'file'), directory('d'), file('d/n')),
    has: ['d/n'],
    hasNot: ['d/f', 'd/e'],
  },
  'a directory becomes a link and a directory again': { layer: archive(symlink('d', 'tmp'), directory('d')), has: ['d'], hasNot: ['d/f'] },
  'a directory becomes a link': { layer: archive(symlink('d', 'usr')), has: ['d', 'usr/lib/x'], hasNot: ['d/f'] },
  'a link becomes a directory': {
    layer: archive(directory('lib'), file('lib/n')),
    has: ['lib/n', 'usr/lib/x'],
    hasNot: ['lib/x', 'usr/lib/n'],
  },
  'a file becomes a directory': { layer: archive(directory('plain', { mode: 0o700 }), file('plain/n')), has: ['plain/n'] },
  'a directory takes new metadata and keeps what it holds': {
    layer: archive(directory('d', { mode: 0o711, mtime: 99 })),
    has: ['d/f', 'd/e/h'],
  },
  'a file in a directory of the parents': { layer: archive(file('tmp/n', 'x')), needs: 'tmp/n', has: ['tmp/n'] },
  'a file below a link of the parents': {
    layer: archive(file('lib/n', 'x')),
    needs: 'lib/n',
    has: ['usr/lib/n', 'usr/lib/x'],
    hasNot: ['lib/n'],
  },
  'a file whose parents no layer has': { layer: archive(file('new/deep/n', 'x')), needs: 'new/deep/n', has: ['new/deep/n'] },
  'a hard link to a file of the parents': { layer: archive(hardlink('n', 'plain')), needs: 'n', has: ['n', 'plain'] },
  'a hard link before its target': {
    layer: archive(hardlink('n', 'later'), file('later', 'x')),
    needs: 'n',
    has: ['n', 'later'],
    unlikeUmoci: 'it gives up',
  },
  'a hard link before a target that the parents have too': {
    layer: archive(hardlink('n', 'plain'), file('plain', 'new')),
    needs: 'n',
    has: ['n', 'plain'],
  },
  'a whiteout below a link of the parents': {
    layer: archive(file('lib/.wh.x')),
    needs: 'lib/.wh.x',
    has: ['usr/lib', 'lib'],
    hasNot: ['usr/lib/x'],
  },
  'a whiteout in a directory that is not there': { layer: archive(file('nowhere/.wh.x')), needs: 'nowhere/.wh.x', hasNot: ['nowhere'] },
  'a whiteout below what is hidden': { layer: archive(file('.wh.d'), file('d/.wh.f')), needs: 'd/.wh.f', hasNot: ['d'] },
  'a whiteout below a file': { layer: archive(file('plain/.wh.x')), needs: 'plain/.wh.x', has: ['plain'] },
  'an entry below what is hidden': { layer: archive(file('.wh.d'), file('d/n')), needs: 'd/n', has: ['d/n'], hasNot: ['d/f'] },
  'an opaque directory below one that keeps what it holds': {
    layer: archive(directory('d'), directory('d/e'), file('d/e/n'), file('d/n'), file('d/e/.wh..wh..opq')),
    has: ['d/f', 'd/e/n', 'd/n'],
    hasNot: ['d/e/h'],
  },
  'an opaque marker that stands in the middle, and twice': {
    layer: archive(directory('d'), file('d/a'), file('d/.wh..wh..opq'), directory('d/e'), file('d/b'), file('d/.wh..wh..opq')),
    has: ['d/a', 'd/b', 'd/e'],
    hasNot: ['d/f', 'd/e/h'],
  },
  'a file of the parents that is hidden and made, in either order': {
    layer: archive(directory('d'), file('d/.wh.f'), file('d/f', 'new', { mode: 0o600 }), file('d/g', 'new'), file('d/.wh.g')),
    has: ['d/f', 'd/g'],
  },
  'the metadata of a directory of the parents, after what is in it': {
    layer: archive(file('d/e/n', 'x'), directory('d/e', { mode: 0o2711, uid: 3, mtime: 50 }), directory('d', { mode: 0o700, mtime: 60 })),
    needs: 'd/e/n',
    has: ['d/e/n', 'd/e/h', 'd/f'],
  },
  'attributes of a directory of the parents': {
    layer: archive(pax({ 'SCHILY.xattr.user.new': 'x' }), directory('d', { mtime: 70 })),
    has: ['d/f'],
  },
  'a hard link to a link of the parents, and to one of its own': {
    layer: archive(hardlink('n', 'lib'), symlink('s', 'plain'), hardlink('m', 's')),
    needs: 'n',
    has: ['n', 'm', 's', 'lib', 'plain'],
  },
  'a hard link in the place of a directory of the parents': {
    layer: archive(file('new', 'x', { mode: 0o4755 }), hardlink('d', 'new')),
    has: ['d', 'new'],
    hasNot: ['d/f'],
  },
  'a file, then a directory of the parents’ name that is hidden': {
    layer: archive(file('.wh.usr'), file('.wh.lib'), directory('usr'), directory('usr/lib'), file('usr/lib/n')),
    has: ['usr/lib/n'],
    hasNot: ['usr/lib/x', 'lib'],
  },
  'nothing at all': { layer: END, has: ['d/f', 'plain'] },
};

/** Times of what was made without an entry are those of the moment. */
const withoutMade = (seen: Record<string, Seen>) => {
  for (const path of ['new', 'new/deep', 'd']) if (Number(seen[path]?.mtime) > 1.7e18) delete seen[path]?.mtime;
  return below(seen);
};

/** By case: what our own says. */
const shown = new Map<string, Tree>();

describe('a layer shows the same on a copy of its parents, on an overlay of them, and alone in an overlay above them', {
  concurrency: 2,
}, () => {
  for (const [name, { layer, has = [], hasNot = [], needs }] of Object.entries(CASES)) {
    test(name, async () => {
      const base = await unpack(BASE);
      assert.ok(base.done);

      const copy = freshDirectory('copy');
      assert.ok((await unpack(BASE, { target: copy })).done);
      const onCopy = await unpack(layer, { target: copy, mode: 'merged' });
      assert.equal(onCopy.error, undefined);
      const expected = withoutMade(look(copy));
      shown.set(name, expected);
      for (const path of has) assert.ok(path in expected, `${path} is missing`);
      for (const path of hasNot) assert.ok(!(path in expected), `${path} is there`);

      const upper = freshDirectory('upper');
      const wrapper = onOverlay([base.target], upper, freshDirectory('work'));
      const merged = await unpack(layer, { target: freshDirectory('merged'), mode: 'merged', wrapper });
      assert.equal(merged.error, undefined, merged.stderr);
      assert.deepEqual(withoutMade(lookThroughOverlay([upper, base.target])), expected);

      const alone = await unpack(layer);
      assert.equal(alone.status, 0);
      assert.equal(alone.notSelfContained, needs);
      if (needs === undefined) assert.deepEqual(withoutMade(lookThroughOverlay([alone.target, base.target])), expected);
    });
  }
});

/** umoci gives owners, which takes root. */
if (isRoot)
  describe('and what umoci makes of it', () => {
    const cases = Object.entries(CASES).filter(([, { unlikeUmoci }]) => unlikeUmoci === undefined);
    let theirs: (Tree | string)[];
    before(async () => {
      theirs = await extractAll(
        'umoci',
        cases.map(([, { layer }]) => [BASE, layer]),
      );
    });
    for (const [index, [name]] of cases.entries())
      test(name, () => {
        const tree = theirs[index] as Tree | string;
        if (typeof tree === 'string') assert.fail(tree);
        assert.deepEqual(shown.get(name), withoutMade(tree));
      });
  });

test('two images share a layer that needs its parents, over different bases: each gets what sequential extraction gives', async () => {
  const layer = archive(file('etc/n', 'new'), hardlink('etc/copy', 'etc/passwd'));
  const bases = [
    archive(directory('etc', { mode: 0o700, mtime: 5 }), file('etc/passwd', 'first', { mode: 0o600 })),
    archive(directory('real'), symlink('etc', 'real'), file('real/passwd', 'second')),
  ];
  for (const base of bases) {
    const { target } = await unpack(base);
    assert.equal((await unpack(layer, { target, mode: 'merged' })).error, undefined);
    const gnu = gnuTar(layer, gnuTar(base));
    const [ours, theirs] = [below(look(target)), below(look(gnu))];
    for (const path of ['etc', 'real']) for (const seen of [ours, theirs]) delete seen[path]?.mtime;
    assert.deepEqual(ours, theirs);
  }
});

test('a directory that the layer says nothing about keeps its times', async () => {
  const { target } = await unpack(BASE);
  await unpack(archive(file('tmp/n', 'x'), file('d/e/.wh.h')), { target, mode: 'merged' });
  const seen = look(target);
  assert.equal(seen['tmp']?.mtime, '14000000000');
  assert.equal(seen['d/e']?.mtime, '12000000000');
});

test('a file system without user attributes cannot hold an opaque mark: then the layer needs its parents', {
  skip: !isRoot && 'needs root',
}, async () => {
  // ramfs knows no extended attributes.
  const wrapper = [
    'unshare',
    '--mount',
    '--propagation',
    'private',
    'sh',
    '-c',
    'mount -t ramfs ramfs "$PWD" && cd "$PWD" && exec "$@"',
    'sh',
  ];
  const { notSelfContained } = await unpack(archive(directory('d'), file('d/.wh..wh..opq')), { wrapper });
  assert.equal(notSelfContained, 'd/.wh..wh..opq');
});
