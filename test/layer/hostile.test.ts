import assert from 'node:assert/strict';
import { closeSync, constants, lstatSync, mkdirSync, openSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { before as beforeAll, describe, test } from 'node:test';
import { below, freshDirectory, gnuTar, isRoot, look, type Unpacked, unpack } from './harness.js';
import { extractNaively } from './naive.js';
import { unpackInOneProcess } from './oracles.js';
import { archive, device, digestOf, directory, fifo, file, hardlink, pax, symlink } from './tar-builder.js';

const SECRET = 'the canary sings\n';
/** As look() shows contents. */
const SECRET_SEEN = digestOf(Buffer.from(SECRET)).slice('sha256:'.length).slice(0, 16);

/** A directory beside the target, with what an attacker would like to read, change or remove. */
function makeCanary(): string {
  const canary = freshDirectory('canary');
  mkdirSync(join(canary, 'opq'));
  for (const name of ['secret', 'victim', 'opq/inside']) {
    writeFileSync(join(canary, name), SECRET);
    // So long ago that the next reading is recorded (relatime), unless the file system records none.
    utimesSync(join(canary, name), 0, new Date());
  }
  return canary;
}

/** All of it: names, contents, inodes, link counts, owners, times, that of the last reading included, which this one does not change. */
function state(canary: string): unknown {
  return (readdirSync(canary, { recursive: true }) as string[])
    .sort()
    .concat('.')
    .map((name) => {
      const path = join(canary, name);
      const { ino, nlink, uid, gid, mtimeNs, ctimeNs, mode } = lstatSync(path, { bigint: true });
      return [name, ino, nlink, uid, gid, mtimeNs, ctimeNs, mode, lstatSync(path).isFile() ? fileState(path) : ''];
    });
}

function fileState(path: string): unknown {
  const { atimeNs } = lstatSync(path, { bigint: true });
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOATIME);
  try {
    return [atimeNs, readFileSync(fd, 'utf8')];
  } finally {
    closeSync(fd);
  }
}

const isBreached = (canary: string, before: unknown) => {
  try {
    assert.deepEqual(state(canary), before);
    return false;
  } catch {
    return true;
  }
};

/** Ways to a place outside of the root; `${way}/x` is meant to be `${canary}/x`. */
const WAYS: Record<string, (canary: string) => { way: string; base?: Buffer[]; first?: Buffer[] }> = {
  'an absolute name': (canary) => ({ way: canary }),
  "a name with '..' in front": (canary) => ({ way: `../${basename(canary)}` }),
  "a name with '..' inside": (canary) => ({ way: `a/../../${basename(canary)}`, first: [directory('a')] }),
  'a link of the same layer': (canary) => ({ way: 's', first: [symlink('s', canary)] }),
  'a relative link of the same layer': (canary) => ({ way: 'd/s', first: [directory('d'), symlink('d/s', `../../${basename(canary)}`)] }),
  'a link of an earlier layer': (canary) => ({ way: 's', base: [symlink('s', canary)] }),
  'a chain of links': (canary) => ({
    way: 'a/b/escape',
    first: [
      directory('a'),
      directory('a/b'),
      symlink('a/b/up', '../..'),
      symlink('a/b/c', 'up'),
      symlink('a/b/escape', `c/../${basename(canary)}`),
    ],
  }),
};

const DEEDS: Record<string, (way: string) => Buffer> = {
  'writes a file': (way) => file(`${way}/secret`, 'overwritten'),
  'makes a directory': (way) => directory(`${way}/new`),
  'makes a link': (way) => symlink(`${way}/new`, 'x'),
  'makes a fifo': (way) => fifo(`${way}/new`),
  ...(isRoot ? { 'makes a device': (way) => device(`${way}/new`, 1, 3) } : {}),
  'makes a hard link': (way) => Buffer.concat([file('own', 'x'), hardlink(`${way}/new`, 'own')]),
  'makes a hard link in the place of a file': (way) => Buffer.concat([file('own', 'x'), hardlink(`${way}/secret`, 'own')]),
  'links to a secret': (way) => hardlink('stolen', `${way}/secret`),
  'hides a victim': (way) => file(`${way}/.wh.victim`),
  'makes a directory opaque': (way) => file(`${way}/opq/.wh..wh..opq`),
};

interface Attack {
  title: string;
  canary: string;
  layers: Buffer[];
  targets: string[];
}

function attacks(): Attack[] {
  return Object.entries(WAYS).flatMap(([way, lead]) =>
    Object.entries(DEEDS).map(([deed, act]) => {
      const canary = makeCanary();
      const { way: path, base = [], first = [] } = lead(canary);
      const layers = [...(base.length > 0 ? [archive(...base)] : []), archive(...first, act(path))];
      return { title: `${way} ${deed}`, canary, layers, targets: [freshDirectory(), freshDirectory()] };
    }),
  );
}

/** Every attack on its own and on its parents' view. */
function jobsOf({ layers, targets }: Attack) {
  return (['alone', 'merged'] as const).flatMap((mode, index) =>
    layers.map((tar) => ({ tar, target: targets[index] as string, mode: tar === layers[0] ? mode : ('merged' as const) })),
  );
}

describe('nothing outside of the root is read, changed, linked or removed', () => {
  const all = attacks();
  const before = all.map(({ canary }) => state(canary));
  let after: unknown[];
  let outcomes: Unpacked[];
  beforeAll(async () => {
    outcomes = await unpackInOneProcess(all.flatMap(jobsOf));
    after = all.map(({ canary }) => state(canary));
  });
  let first = 0;
  for (const [index, attack] of all.entries()) {
    const from = first;
    first += jobsOf(attack).length;
    const to = first;
    test(attack.title, () => {
      assert.deepEqual(after[index], before[index], 'the canary was touched');
      for (const { error, done, notSelfContained } of outcomes.slice(from, to))
        assert.ok(done ?? notSelfContained ?? /LAYER_(REFUSED|INVALID)/.test(error?.code ?? ''), JSON.stringify(error));
      for (const target of attack.targets)
        for (const [name, { contents }] of Object.entries(look(target))) assert.notEqual(contents, SECRET_SEEN, `${name} holds the secret`);

      const naive = freshDirectory('naive');
      for (const layer of attack.layers) extractNaively(layer, naive);
      assert.ok(isBreached(attack.canary, before[index]), 'the fixture would harm nobody: a naive extractor left the canary alone');
    });
  }
});

const overlays = (name: string) => archive(pax({ [`SCHILY.xattr.${name}`]: 'y' }), directory('d'));

describe('what no layer may bring', { concurrency: 2 }, () => {
  const cases: Record<string, Buffer> = {
    'the root as a symlink': archive(symlink('./', '/etc')),
    "the root as a symlink named '.'": archive(symlink('.', '/etc')),
    "the root as a file named '/.'": archive(file('/.', 'x')),
    'the root as a hard link': archive(file('a'), hardlink('.', 'a')),
    'the root as a fifo': archive(fifo('./')),
    'the root as a device': archive(device('.', 1, 3)),
    'a hard link to the root': archive(hardlink('a', '/')),
    'a hard link to a directory': archive(directory('d'), hardlink('a', 'd')),
    "a hard link with '..'": archive(file('a'), hardlink('b', 'x/../a')),
    "'..' in the middle of a name": archive(directory('a'), file('a/../b')),
    "'..' at the end of a name": archive(directory('a/..')),
    'a whiteout of nothing': archive(file('.wh.')),
    "a whiteout of '.'": archive(file('.wh..')),
    "a whiteout of '..'": archive(file('.wh...')),
    'aufs metadata': archive(file('.wh..wh.plnk')),
    'a whiteout of a whiteout': archive(file('.wh..wh.x')),
    'a directory with the name of a whiteout': archive(directory('.wh.d')),
    'an entry below a whiteout': archive(directory('a'), file('a/.wh.d/x')),
    "overlay's whiteout device": archive(device('w', 0, 0)),
    'user.overlay.opaque': overlays('user.overlay.opaque'),
    'user.overlay.redirect': overlays('user.overlay.redirect'),
    'user.overlay.whiteout on a file': archive(pax({ 'SCHILY.xattr.user.overlay.whiteout': '' }), file('f')),
    'user.overlay.opaque on a whiteout': archive(pax({ 'SCHILY.xattr.user.overlay.opaque': 'y' }), file('.wh.f')),
    'trusted.overlay.opaque': overlays('trusted.overlay.opaque'),
    'trusted.overlay.metacopy': overlays('trusted.overlay.metacopy'),
    'user.fuseoverlayfs.opaque': overlays('user.fuseoverlayfs.opaque'),
    "user.overlay.opaque in libarchive's form, spelled with %": archive(
      pax({ 'LIBARCHIVE.xattr.user.overlay%2Eopaque': 'eQ' }),
      directory('d'),
    ),
  };
  for (const [name, layer] of Object.entries(cases)) {
    test(name, async () => {
      for (const mode of ['alone', 'merged'] as const) {
        const { error, status, target } = await unpack(layer, { mode });
        assert.equal(error?.code, 'ERR_TSRUN_LAYER_REFUSED');
        assert.equal(status, 1);
        assert.ok(lstatSync(target).isDirectory());
        assert.ok(error?.hint);
      }
    });
  }
});

describe('structures of published advisories end as GNU tar ends them, inside of the root', { concurrency: 2 }, () => {
  const cases: Record<string, Buffer> = {
    'node-tar 2021-32803: a directory becomes a link, a file follows': archive(
      directory('x'),
      symlink('x/y', '/etc'),
      directory('z'),
      file('z/passwd', 'ours'),
    ),
    'node-tar 2021-37701: names that differ in backslashes': archive(
      directory('a'),
      symlink('a\\', '/etc'),
      file('a\\b', 'x'),
      file('a/b', 'y'),
    ),
    'node-tar 2021-37712: names that differ in normalisation': archive(
      directory('caf\u00e9'),
      symlink('cafe\u0301', '/etc'),
      file('caf\u00e9/passwd', 'x'),
    ),
    'a file through a link with a slash at the end': archive(directory('t'), symlink('l/', 't'), file('l/f', 'x')),
    'a file in place of a link to a file': archive(file('t', 'keep'), symlink('./l', 't'), file('l', 'own'), file('//l', 'own again')),
    'hard link to a symlink that leads outside': archive(symlink('s', '/etc/passwd'), hardlink('h', 's')),
  };
  for (const [name, layer] of Object.entries(cases)) {
    test(name, async () => {
      const { target, error } = await unpack(layer);
      assert.equal(error, undefined);
      const [ours, gnu] = [below(look(target)), below(look(gnuTar(layer)))];
      // GNU tar sometimes loses these, here as well.
      for (const entry of [...Object.values(ours), ...Object.values(gnu)]) if (entry.type === '40000') delete entry.mtime;
      assert.deepEqual(ours, gnu);
    });
  }

  test('writing through a hard link to a symlink replaces the link', async () => {
    const canary = makeCanary();
    const before = state(canary);
    const layer = archive(symlink('s', join(canary, 'secret')), hardlink('h', 's'), file('h', 'overwritten'));
    const { target } = await unpack(layer);
    assert.equal(readFileSync(join(target, 'h'), 'utf8'), 'overwritten');
    assert.deepEqual(state(canary), before);
  });

  test('a fifo in the place of a file does not stop the unpacking', async () => {
    const { target, done } = await unpack(archive(fifo('f'), file('f', 'x')));
    assert.ok(done);
    assert.equal(readFileSync(join(target, 'f'), 'utf8'), 'x');
  });

  test('a device in the place of a file is not written to', { skip: !isRoot && 'needs root' }, async () => {
    const { target, done } = await unpack(archive(device('f', 1, 5), file('f', 'x')));
    assert.ok(done);
    assert.equal(readFileSync(join(target, 'f'), 'utf8'), 'x');
  });
});
