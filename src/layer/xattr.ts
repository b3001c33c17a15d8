/** Which extended attributes of a layer are applied, which are left out and reported, and which are never accepted. */
import { errnoOf } from '../errors.js';
import { lsetxattr } from '../sys/files.js';
import { refused } from './fault.js';
import type { TarEntry } from './tar/entry.js';

/** Overlay's own: applied, they would be live whiteouts and redirects. */
const OVERLAYS_OWN = ['user.overlay.', 'trusted.overlay.', 'user.fuseoverlayfs.'];

export function isOverlays(name: string): boolean {
  return OVERLAYS_OWN.some((prefix) => name.startsWith(prefix));
}

const CAPABILITY = 'security.capability';
const REPORTED = 10;

export class Xattrs {
  /** Names left out, each once. */
  readonly #skipped = new Set<string>();

  get skipped(): string[] {
    return [...this.#skipped];
  }

  /** To be called for every entry, applied or not. */
  refuseOverlays({ name, xattrs }: TarEntry): void {
    const own = xattrs.find((xattr) => isOverlays(xattr.name));
    if (own !== undefined) throw refused(`an entry brings overlay's own attribute ${JSON.stringify(own.name)}`, name);
  }

  /** After chown, which clears security.capability. */
  apply(path: Buffer, { type, xattrs, uncarried }: TarEntry): void {
    for (const name of uncarried) this.#skip(name);
    for (const { name, value } of xattrs) {
      if (name !== CAPABILITY && !name.startsWith('user.')) this.#skip(name);
      else if (type !== 'file' && type !== 'directory')
        this.#skip(name); // the kernel has user attributes on these two alone (xattr(7))
      else this.#set(path, name, value);
    }
  }

  #set(path: Buffer, name: string, value: Buffer): void {
    try {
      lsetxattr(path, Buffer.from(name, 'latin1'), value);
    } catch (error) {
      // A file system without user attributes (tmpfs before Linux 6.6), or capabilities that this namespace may not give.
      if (!['ENOTSUP', 'EOPNOTSUPP', 'EPERM'].includes(errnoOf(error) ?? '')) throw error;
      this.#skip(name);
    }
  }

  #skip(name: string): void {
    if (this.#skipped.size < REPORTED) this.#skipped.add(name);
  }
}
