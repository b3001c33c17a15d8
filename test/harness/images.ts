/** The images that tests run: busybox, made in a moment, and a Debian root file system. Kept in build/cache/, as OCI layouts. */
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { lock } from '../../src/sys/flock.js';
import { cacheDirectory } from './checkout.js';
import { writeLayout } from './layout.js';
import { succeed } from './process.js';
import { withinReach } from './reach.js';
import { temporaryDirectory } from './temporary.js';

/** An image layout on disk. */
export interface TestImage {
  /** The layout's directory, readable by every test user. */
  readonly directory: string;
  readonly tag: string;
  /** `oci:DIR:TAG`: tsrun, skopeo and umoci read it. */
  readonly reference: string;
}

const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const PASSWD = 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\nada:x:1000:1000:Ada:/home/ada:/bin/sh\n';
const GROUP = 'root:x:0:\nwheel:x:10:ada\nada:x:1000:\nnogroup:x:65534:\n';
/** GNU tar writing the same bytes for the same files. */
const REPRODUCIBLE = [
  '--sort=name',
  '--mtime=@1700000000',
  '--owner=0',
  '--group=0',
  '--numeric-owner',
  '--format=posix',
  '--pax-option=delete=atime,delete=ctime',
];

/** Debian's static busybox with all its applets, accounts (root, ada, nobody), /tmp, /root: about 2 MB, one layer. */
export async function busyboxImage(): Promise<TestImage> {
  const { size, mtimeMs } = statSync('/bin/busybox');
  return cached(`busybox-${size}-${Math.round(mtimeMs)}`, async (directory) => {
    const tar = await busyboxTar();
    writeLayout(directory, [{ tag: 'latest', layers: [{ tar }], config: { Env: [PATH], Cmd: ['sh'] } }]);
  });
}

/** The changeset of busybox alone, for tests that build images on top. */
export async function busyboxTar(): Promise<Buffer> {
  const root = temporaryDirectory();
  for (const folder of ['bin', 'dev', 'etc', 'home', 'proc', 'root', 'sys', 'tmp', 'usr', 'var']) mkdirSync(join(root, folder));
  copyFileSync('/bin/busybox', join(root, 'bin/busybox'));
  const applets = await succeed(['/bin/busybox', '--list']);
  for (const applet of applets.split('\n')) {
    if (applet !== '' && applet !== 'busybox') linkSync(join(root, 'bin/busybox'), join(root, 'bin', applet));
  }
  symlinkSync('../bin', join(root, 'usr/bin'));
  mkdirSync(join(root, 'home/ada'));
  writeFileSync(join(root, 'etc/passwd'), PASSWD);
  writeFileSync(join(root, 'etc/group'), GROUP);
  await succeed(['chmod', '1777', join(root, 'tmp')]);
  await succeed(['chmod', '0700', join(root, 'root')]);
  const tar = join(temporaryDirectory(), 'layer.tar');
  await succeed([
    'tar',
    ...REPRODUCIBLE,
    '-C',
    root,
    '-cf',
    tar,
    ...['bin', 'dev', 'etc', 'home', 'proc', 'root', 'sys', 'tmp', 'usr', 'var'],
  ]);
  return readFileSync(tar);
}

/** Debian's minbase by mmdebstrap: 170 MB, about 8 700 entries, one layer made by umoci. */
export async function debianImage(): Promise<TestImage> {
  return cached('debian', async (directory) => {
    const tar = join(temporaryDirectory(), 'debian.tar');
    await succeed(['mmdebstrap', '--quiet', '--variant=minbase', hostSuite(), tar, ...aptSources()], { timeoutMs: 600_000 });
    await succeed(['umoci', 'init', '--layout', directory]);
    const image = ['--image', `${directory}:latest`];
    await succeed(['umoci', 'new', ...image]);
    await succeed(['umoci', 'raw', 'add-layer', ...image, tar], { timeoutMs: 300_000 });
    await succeed(['umoci', 'config', ...image, '--config.env', PATH, '--config.cmd', 'bash']);
    rmSync(tar);
  });
}

/** The same with two more layers by umoci: removals, replaced kinds, links into the layers below, changed owners and modes. */
export async function layeredDebianImage(): Promise<TestImage> {
  const base = await debianImage();
  return cached('debian-layers', async (directory) => {
    await succeed(['cp', '-a', base.directory, directory]);
    const image = ['--image', `${directory}:latest`];
    const work = temporaryDirectory();
    const bundle = join(work, 'bundle');
    const rootless = process.getuid?.() === 0 ? [] : ['--rootless'];
    await succeed(['umoci', 'unpack', ...rootless, ...image, bundle], { timeoutMs: 300_000 });
    for (const change of CHANGES) {
      await succeed(['sh', '-euc', change], { cwd: join(bundle, 'rootfs') });
      await succeed(['umoci', 'repack', '--refresh-bundle', ...image, bundle], { timeoutMs: 300_000 });
    }
    rmSync(work, { recursive: true });
  });
}

/** One layer each; run by sh in the root file system. */
const CHANGES = [
  `rm -rf usr/share/doc usr/share/man; rm etc/issue; chmod 0750 srv
   ln etc/debian_version etc/debian_version.link; ln -s ../etc/hostname var/hostname; rm -rf opt; echo a file now > opt`,
  `rm opt; mkdir opt; echo new > opt/new; mkdir -p usr/share/doc/tsrun; echo back > usr/share/doc/tsrun/README
   chmod 4755 usr/bin/env; mkfifo var/fifo; touch -d '2001-02-03 04:05:06.123456789' etc/debian_version.link`,
];

/** The release of this machine, when it is a Debian or a child of it. */
function hostSuite(): string {
  return /^VERSION_CODENAME=(.+)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'stable';
}

/** Where this machine gets its own packages from: a company's mirror must do for the tests too. */
function aptSources(): string[] {
  const files = ['/etc/apt/sources.list.d/debian.sources', '/etc/apt/sources.list.d/ubuntu.sources', '/etc/apt/sources.list'];
  return files.filter((file) => existsSync(file) && statSync(file).size > 0).slice(0, 1);
}

/** Made once, under a lock: what takes a minute is not made by several test files at once. It appears only when it is whole. */
async function cached(name: string, make: (directory: string) => Promise<void>): Promise<TestImage> {
  const directory = join(cacheDirectory, name);
  mkdirSync(cacheDirectory, { recursive: true });
  if (!existsSync(join(directory, 'index.json'))) {
    using _held = await lock(join(cacheDirectory, `${name}.lock`), 'exclusive');
    if (!existsSync(join(directory, 'index.json'))) {
      const half = mkdtempSync(join(cacheDirectory, 'half-'));
      try {
        await make(join(half, name));
        renameSync(join(half, name), directory);
      } finally {
        rmSync(half, { recursive: true, force: true });
      }
    }
  }
  const readable = withinReach(directory);
  return { directory: readable, tag: 'latest', reference: `oci:${readable}:latest` };
}
