/** Images made byte by byte, of layers that say little about what is below them. Each can run sh and cat. */
import { readFileSync } from 'node:fs';
import { writeLayout } from '../harness/layout.js';
import { archive, directory, fifo, file, hardlink, pax, symlink } from '../layer/tar-builder.js';

const busybox = readFileSync('/bin/busybox');

/** With everything there that tsrun mounts on: else it would be made, and age its directory. */
const base = (keep: string, tmp: number, mtime: number) =>
  archive(
    directory('./', { mode: 0o751, uid: 5, gid: 6, mtime }),
    ...['bin', 'dev', 'etc', 'proc', 'sys', 'usr', 'usr/lib', 'var', 'var/data', 'conf', 'conf/below', 'srv', 'srv/inner'].map((name) =>
      directory(name, { mtime }),
    ),
    ...['hostname', 'hosts', 'resolv.conf'].map((name) => file(`etc/${name}`)),
    file('bin/busybox', busybox, { mode: 0o755 }),
    hardlink('bin/sh', 'bin/busybox'),
    hardlink('bin/cat', 'bin/busybox'),
    symlink('lib', 'usr/lib', { uid: 7 }),
    file('usr/lib/old.so', 'old'),
    directory('tmp', { mode: tmp, mtime }),
    pax({ mtime: '1234567890.123456789' }),
    file('var/data/keep', keep, { mode: 0o640, uid: 1000, gid: 1000 }),
    file('var/data/old', 'goes', { mtime }),
    file('conf/a', 'a'),
    file('conf/below/b', 'b'),
    file('srv/inner/file', 'x'),
    file('srv/plain', 'was a file'),
    file('usr/tool', 'tool', { mode: 0o4755, uid: 33 }),
    fifo('var/pipe', { mode: 0o620 }),
  );

const ONE = base('of the first base', 0o1777, 1_500_000_000);
const TWO = base('of the second base', 0o1770, 1_400_000_000);

/** Parents are missing, a link of the lower layer is crossed, a hard link leads out of the layer, a file below is hidden. */
const SHARED = archive(
  file('tmp/new', 'in the base’s own /tmp'),
  file('lib/new.so', 'through the link'),
  pax({ atime: '3.5', mtime: '1000000000.000000001' }),
  file('deep/er/file', 'made on the way'),
  hardlink('var/data/twin', 'var/data/keep'),
  file('var/data/.wh.old'),
  file('conf/.wh.nothing-there'),
);

/** An opaque directory without an entry of its own, kinds that change, a directory in a link's place. */
const REPLACING = archive(
  file('conf/.wh..wh..opq'),
  file('conf/only', 'new', { uid: 12, gid: 13 }),
  file('srv', 'a file in a directory’s place', { mode: 0o600 }),
  directory('var/data', { mode: 0o2750, gid: 50, mtime: 1_600_000_001 }),
  directory('lib', { mode: 0o700 }),
  file('lib/apart', 'not in usr/lib'),
  file('usr/.wh.tool'),
);

/**
 * Back again, and a whiteout beside the new entry of that name. (A third name for a file that already has two below is left out: overlay
 * copies the file up for it, and the other two stay behind.)
 */
const BACK = archive(
  directory('srv', { mode: 0o711, mtime: 5 }),
  file('srv/.wh.plain'),
  file('srv/plain', 'back'),
  symlink('usr/tool', '../bin/busybox'),
  hardlink('var/data/again', 'usr/lib/old.so'),
  directory('var/data/sub', { mtime: 7 }),
);

/** Self-contained, with whiteouts that overlay keeps as devices. */
const ALONE = archive(
  directory('conf', { mtime: 9 }),
  file('conf/.wh..wh..opq'),
  file('conf/c', 'c'),
  directory('srv', { mtime: 10 }),
  file('srv/.wh.inner'),
);

export const HAND_MADE: { name: string; layers: Buffer[] }[] = [
  { name: 'shared-over-one', layers: [ONE, SHARED] },
  { name: 'shared-over-two', layers: [TWO, SHARED] },
  { name: 'replacing', layers: [ONE, SHARED, REPLACING, BACK] },
  { name: 'alone', layers: [ONE, ALONE] },
  { name: 'alone-between', layers: [TWO, ALONE, SHARED, ALONE] },
];

/** All of them into one layout, by their names. */
export function writeHandMade(layout: string): void {
  writeLayout(
    layout,
    HAND_MADE.map(({ name, layers }) => ({
      tag: name,
      layers: layers.map((tar) => ({ tar })),
      config: { Cmd: ['sh'], Env: ['PATH=/bin'] },
    })),
  );
}
