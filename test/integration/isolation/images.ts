/** Images that lay traps where a runtime mounts, reads and writes. */
import { busyboxTar } from '../../harness/images.js';
import { writeLayout } from '../../harness/layout.js';
import { temporaryDirectory } from '../../harness/temporary.js';
import { archive, directory, file, symlink } from '../../layer/tar-builder.js';

interface Trap {
  /** On top of busybox. */
  entries?: Buffer[];
  config?: Record<string, unknown>;
}

/** Each leads to the canary, a directory of the host, or to tsrun itself. */
const trapsTo = (canary: string) =>
  ({
    proc: { entries: [symlink('proc', canary)] },
    sys: { entries: [symlink('sys', '../..')] },
    dev: { entries: [symlink('dev', canary)] },
    places: {
      entries: [
        directory('dev/'),
        symlink('dev/null', '/proc/sys/kernel/core_pattern'),
        symlink('dev/console', `${canary}/file`),
        symlink('dev/pts', canary),
        symlink('dev/ptmx', `${canary}/ptmx`),
        symlink('dev/shm', canary),
        directory('etc/'),
        symlink('etc/resolv.conf', `${canary}/file`),
        symlink('etc/hosts', `../../../../../..${canary}/file`),
        symlink('etc/hostname', `${canary}/new`),
      ],
    },
    workdir: { config: { WorkingDir: '/proc/self/fd/8' } },
    self: { entries: [file('entry', '#!/proc/self/exe\n', { mode: 0o755 })], config: { Entrypoint: ['/entry'] } },
    groups: { entries: [file('closed', 'read\n', { gid: 10, mode: 0o604 })] },
  }) satisfies Record<string, Trap>;

type Name = keyof ReturnType<typeof trapsTo>;

/** One layout with all of them. @returns the reference of one */
export async function trapsLeadingTo(canary: string): Promise<(name: Name) => string> {
  const path = temporaryDirectory();
  const base = await busyboxTar();
  const images = Object.entries(trapsTo(canary)).map(([tag, { entries = [], config = {} }]: [string, Trap]) => ({
    tag,
    layers: [base, ...(entries.length > 0 ? [archive(...entries)] : [])].map((tar) => ({ tar, compression: 'none' as const })),
    config: { Env: ['PATH=/bin'], Cmd: ['sh'], ...config },
  }));
  writeLayout(path, images);
  return (name) => `oci:${path}:${name}`;
}
