/** Images with volumes: friendly ones and others. Made once for each test process. */
import { busyboxTar } from '../../harness/images.js';
import { writeLayout } from '../../harness/layout.js';
import { temporaryDirectory } from '../../harness/temporary.js';
import { archive, directory, file, symlink } from '../../layer/tar-builder.js';

/** busybox with a layer on top. @returns its reference */
async function imageOf(entries: Buffer[], config: Record<string, unknown>): Promise<string> {
  const path = temporaryDirectory();
  const layers = [await busyboxTar(), archive(...entries)].map((tar) => ({ tar, compression: 'none' as const }));
  writeLayout(path, [{ tag: 'latest', layers, config: { Env: ['PATH=/bin'], Cmd: ['sh'], ...config } }]);
  return `oci:${path}:latest`;
}

let friendly: Promise<string> | undefined;

/** /data, ada's and sticky, with a file and a link; VOLUME /data and /cache, which is not there. */
export function volumeImage(): Promise<string> {
  friendly ??= imageOf(
    [
      directory('data/', { uid: 1000, gid: 1000, mode: 0o1770 }),
      file('data/greeting', 'from the image\n', { uid: 1000, gid: 1000, mode: 0o640 }),
      symlink('data/link', 'greeting'),
      directory('data/sub/', { mode: 0o750 }),
      file('data/sub/deep', 'deep\n'),
    ],
    { Volumes: { '/data': {}, '/cache/': {} } },
  );
  return friendly;
}

let plain: Promise<string> | undefined;

/** The same directory, ids that every map has, and no VOLUME. */
export function dataImage(): Promise<string> {
  plain ??= imageOf([directory('data/', { mode: 0o1777 }), file('data/greeting', 'from the image\n')], {});
  return plain;
}

/** Links at the places where mounts are asked for: to a directory of the host, to the root, up and out, to nothing. */
export function linkedImage(outside: string): Promise<string> {
  return imageOf(
    [
      directory('inside/'),
      file('inside/file', 'inside\n'),
      symlink('absolute', outside),
      symlink('relative', `../../../../../../..${outside}`),
      symlink('all', '/'),
      symlink('up', '../../..'),
      symlink('kept', '../../inside'),
      symlink('loop', 'loop'),
      directory('parent/'),
      symlink('parent/link', outside),
    ],
    {},
  );
}

/** An image whose VOLUME is a link out of it. */
export function leadingImage(outside: string): Promise<string> {
  return imageOf([symlink('data', outside)], { Volumes: { '/data': {}, '/../../../etc/../data2': {} } });
}
