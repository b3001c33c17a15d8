/** Whiteouts (image-spec layer.md): `.wh.NAME` hides NAME of the parents, `.wh..wh..opq` everything the parents have in its directory. */
import { constants, lstatSync } from 'node:fs';
import { errnoOf } from '../errors.js';
import { lsetxattr, mknod } from '../sys/files.js';
import { refused } from './fault.js';
import type { Place } from './name.js';
import { NotSelfContained, ROOT, type Tree } from './tree.js';

const PREFIX = Buffer.from('.wh.');
const OPAQUE = Buffer.from('.wh..wh..opq');
const RESERVED = Buffer.from('.wh..wh.');
const OVERLAY_OPAQUE = 'user.overlay.opaque';

/** `opaque` is the directory, by its name in the layer. */
export type Whiteout = { hides: Place } | { opaque: Buffer };

/** What a name means as a whiteout; undefined for an ordinary one. The prefix is reserved: any other use of it is refused. */
export function whiteoutOf({ parent, base }: Place, name: Buffer): Whiteout | undefined {
  if (hasReservedComponent(parent)) throw refused('a directory has the name of a whiteout', name);
  if (!startsWith(base, PREFIX)) return undefined;
  if (base.equals(OPAQUE)) return { opaque: parent };
  const hidden = base.subarray(PREFIX.length);
  const isDots = hidden.length === 0 || hidden.equals(Buffer.from('.')) || hidden.equals(Buffer.from('..'));
  if (isDots || startsWith(base, RESERVED) || startsWith(hidden, PREFIX)) throw refused('a whiteout hides nothing that can be named', name);
  return { hides: { parent, base: hidden } };
}

function hasReservedComponent(parent: Buffer): boolean {
  return startsWith(parent, PREFIX) || parent.includes('/.wh.');
}

function startsWith(name: Buffer, prefix: Buffer): boolean {
  return name.subarray(0, prefix.length).equals(prefix);
}

/** What whiteouts do, by mode. Both spare what the layer itself brought, in whichever order the entries stand. */
export interface Whiteouts {
  hide(place: Place, name: Buffer): void;
  opaque(directory: Buffer, name: Buffer): void;
  /** A new directory took the place of something else: nothing of an older directory of that name may shine through. */
  replaced(path: Buffer, name: Buffer): void;
}

/** In overlay's form (kernel Documentation/filesystems/overlayfs.rst, "whiteouts and opaque directories", with -o userxattr). */
export class OverlayWhiteouts implements Whiteouts {
  readonly #tree: Tree;
  constructor(tree: Tree) {
    this.#tree = tree;
  }

  hide(place: Place, name: Buffer): void {
    const path = this.#tree.path(place, name);
    try {
      mknod(path, constants.S_IFCHR, 0, 0);
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
      if (lstatSync(path).isDirectory()) this.replaced(path, name);
    }
  }

  opaque(directory: Buffer, name: Buffer): void {
    const path = this.#tree.findDirectory(directory, name);
    if (path !== undefined) this.replaced(path, name);
  }

  replaced(path: Buffer, name: Buffer): void {
    // Overlay does not look for the mark on a layer's root.
    if (path.equals(ROOT)) throw new NotSelfContained(name);
    try {
      lsetxattr(path, OVERLAY_OPAQUE, Buffer.from('y'));
    } catch (error) {
      // tmpfs before Linux 6.6 has no user attributes: then it can be done only where the parents are.
      if (errnoOf(error) === 'ENOTSUP' || errnoOf(error) === 'EOPNOTSUPP') throw new NotSelfContained(name);
      throw error;
    }
  }
}

/** True when the entry at `path` is such a whiteout. */
export function isOverlayWhiteout(stat: { isCharacterDevice(): boolean; rdev: bigint }): boolean {
  return stat.isCharacterDevice() && stat.rdev === 0n;
}

/** On the parents' view: whiteouts remove. */
export class RemovingWhiteouts implements Whiteouts {
  readonly #tree: Tree;
  constructor(tree: Tree) {
    this.#tree = tree;
  }

  hide(place: Place, name: Buffer): void {
    const path = this.#tree.find(place, name);
    const stat = path === undefined ? undefined : lstatSync(path, { bigint: true, throwIfNoEntry: false });
    if (path === undefined || stat === undefined) return;
    if (!this.#tree.wasBrought(path)) this.#tree.clear(path, stat);
    else if (stat.isDirectory()) this.#tree.clearInherited(path);
  }

  opaque(directory: Buffer, name: Buffer): void {
    const path = this.#tree.findDirectory(directory, name);
    if (path !== undefined) this.#tree.clearInherited(path);
  }

  replaced(): void {}
}
