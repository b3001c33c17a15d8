/** The images of the table: busybox with a few things more, under configs that say different things. */
import { join } from 'node:path';
import { busyboxTar } from '../../harness/images.js';
import { type ImageFile, writeLayout } from '../../harness/layout.js';
import { temporaryDirectory } from '../../harness/temporary.js';
import { archive, directory, file, symlink } from '../../layer/tar-builder.js';

const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

const EXTRA = [
  // A name that is like an id; one who is in a group by that group's word alone.
  file(
    'etc/passwd',
    'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\nada:x:1000:1000:Ada:/home/ada:/bin/sh\n4242:x:77:77::/home:/bin/sh\n',
  ),
  file('etc/group', 'root:x:0:\nwheel:x:10:ada\nextra:x:2000:\nada:x:1000:\nnogroup:x:65534:\n'),
  file('bin/noexec', '#!/bin/sh\n'),
  file('bin/noformat', 'this is no program\n', { mode: 0o755 }),
  file('bin/nointerpreter', '#!/no/such/interpreter\n', { mode: 0o755 }),
  file('bin/setuid', '#!/bin/sh\n', { mode: 0o4755 }),
  file('root/secret', 'secret\n', { mode: 0o600 }),
  directory('data/', { mode: 0o1777 }),
  file('data/greeting', 'from the image\n', { uid: 1000, gid: 1000, mode: 0o644 }),
  symlink('link', 'data'),
  symlink('up', '../../../../../../../../data'),
];

/** Variable of a row → config. */
const CONFIGS: Readonly<Record<string, Record<string, unknown>>> = {
  I: { Env: [PATH], Cmd: ['sh'] },
  CONFIG: { Env: [PATH, 'A=image', 'B=image'], Entrypoint: ['printf', '<%s>'], Cmd: ['from', 'cmd'], WorkingDir: '/home/ada' },
  ADA: { Env: [PATH], Cmd: ['sh'], User: 'ada', WorkingDir: '/made/by/image' },
  SHELLFORM: { Env: [PATH], Entrypoint: ['/bin/sh', '-c', 'echo shell form'], Cmd: ['ignored'] },
  EMPTY: { Env: [PATH] },
  VOLUME: { Env: [PATH], Cmd: ['sh'], Volumes: { '/data': {} } },
};

/** Variable → the reference of its image. */
export async function tableImages(): Promise<Record<string, string>> {
  const path = join(temporaryDirectory(), 'images');
  const layers = [await busyboxTar(), archive(...EXTRA)].map((tar) => ({ tar }));
  const images = Object.entries(CONFIGS).map(([name, config]): ImageFile => ({ tag: name.toLowerCase(), layers, config }));
  writeLayout(path, images);
  return Object.fromEntries(Object.keys(CONFIGS).map((name) => [name, `oci:${path}:${name.toLowerCase()}`]));
}
