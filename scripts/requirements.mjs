/**
 * What the tests need from the machine beside Node: Debian's packages, installed when this user may, named when not.
 *
 *   node scripts/requirements.mjs
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { capture, program, run, say, Trouble } from './steps.mjs';

/** The other architecture's compiler and emulator: the helper is cross-built, its decoder tested under qemu. */
const FOREIGN =
  process.arch === 'arm64'
    ? {
        'gcc-x86-64-linux-gnu': 'x86_64-linux-gnu-gcc',
        'libc6-dev-amd64-cross': '/usr/x86_64-linux-gnu/lib/libc.a',
        'qemu-user-static': 'qemu-x86_64-static',
      }
    : {
        'gcc-aarch64-linux-gnu': 'aarch64-linux-gnu-gcc',
        'libc6-dev-arm64-cross': '/usr/aarch64-linux-gnu/lib/libc.a',
        'qemu-user-static': 'qemu-aarch64-static',
      };

/** Debian package → a command or a path that shows it is there; `*` stands for one folder of any name. */
const REQUIREMENTS = {
  gcc: 'cc',
  'libc6-dev': '/usr/lib/*/libc.a',
  ...FOREIGN,
  'docker-registry': 'docker-registry',
  skopeo: 'skopeo',
  umoci: 'umoci',
  'busybox-static': '/usr/share/doc/busybox-static',
  mmdebstrap: 'mmdebstrap',
  gpg: 'gpg',
  uidmap: 'newuidmap',
  passt: 'pasta',
  slirp4netns: 'slirp4netns',
  iproute2: 'ip',
  'fuse-overlayfs': 'fuse-overlayfs',
  crun: 'crun',
  bubblewrap: 'bwrap',
  'libarchive-tools': 'bsdtar',
  'libseccomp-dev': '/usr/include/seccomp.h',
  python3: 'python3',
  zsh: 'zsh',
  fish: 'fish',
  'bash-completion': '/usr/share/bash-completion/bash_completion',
  zstd: 'zstd',
  openssl: 'openssl',
  attr: 'setfattr',
  apparmor: 'apparmor_parser',
  rpm: 'rpmbuild',
};

/** @returns {string[]} packages whose proof is not there */
export function missingPackages() {
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/bin', '/bin'];
  const isThere = (/** @type {string} */ proof) => {
    if (!proof.startsWith('/')) return folders.some((folder) => existsSync(join(folder, proof)));
    const [before = '', after] = proof.split('*/');
    return after === undefined ? existsSync(proof) : readdirSync(before).some((folder) => existsSync(join(before, folder, after)));
  };
  return Object.entries(REQUIREMENTS).flatMap(([name, proof]) => (isThere(proof) ? [] : [name]));
}

/** Installs what is missing, as root or by sudo without a password; else says exactly what to type. */
export async function installRequirements() {
  const missing = missingPackages();
  if (missing.length === 0) return;
  const list = missing.join(' ');
  const apt = await capture('apt-get', ['--version']);
  if (apt.code !== 0)
    throw new Trouble(`the tests need what Debian calls ${list}: install your distribution's packages for these, then try again`);
  const isRoot = process.getuid?.() === 0;
  if (!isRoot && (await capture('sudo', ['-n', 'true'])).code !== 0) {
    throw new Trouble(`the tests need more packages: run  sudo apt-get update && sudo apt-get install ${list}  then try again`);
  }
  say(`installing ${list}`);
  const root = isRoot ? [] : ['sudo', '-n'];
  const aptGet = (/** @type {string[]} */ ...args) => {
    const [command = 'env', ...rest] = [
      ...root,
      'env',
      'DEBIAN_FRONTEND=noninteractive',
      'apt-get',
      '-qq',
      '-o',
      'DPkg::Lock::Timeout=120',
      ...args,
    ];
    return run(command, rest, { advice: 'see what apt-get says above' });
  };
  await aptGet('update');
  await aptGet('install', '--yes', '--no-install-recommends', ...missing);
  const still = missingPackages();
  if (still.length > 0) throw new Trouble(`${still.join(' ')} installed, but not found: report this as a bug of scripts/requirements.mjs`);
}

await program(import.meta.url, installRequirements);
