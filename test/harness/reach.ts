/**
 * Files that the test users can read. A checkout often lies below a 0700 directory (root's home, a CI's work folder): what they
 * need of it is then copied once, to a directory they can reach.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { checkout } from './checkout.js';
import { identity } from './identity.js';
import { temporaryDirectory } from './temporary.js';

const copies = new Map<string, string>();

/** The path itself, or that of a copy that every user can read. */
export function withinReach(path: string): string {
  return reach(path, [path]);
}

/** What runs of a checkout, with the shape of one: bin/, dist/, the helper and the FFI. */
export function installation(): string {
  const parts = ['package.json', 'oclif.manifest.json', 'bin', 'dist', 'native/build', 'node_modules/@koromix'];
  return reach(checkout, parts.map((part) => join(checkout, part)).filter(existsSync));
}

/** Every file of `parts`, all of them in `root`, or its copy. */
function reach(root: string, parts: string[]): string {
  const known = copies.get(root);
  if (known !== undefined) return known;
  const path = isReadable(parts) ? root : copy(root, parts);
  copies.set(root, path);
  return path;
}

/** Asks the kernel, as the user: find prints what that user cannot read, and fails where it cannot even look. */
function isReadable(parts: string[]): boolean {
  if (process.getuid?.() !== 0) return true;
  const { uid, gid } = identity('single');
  const found = spawnSync('find', [...parts, '!', '-readable', '-print', '-quit'], { uid, gid, cwd: '/', encoding: 'utf8' });
  return found.status === 0 && found.stdout === '';
}

function copy(root: string, parts: string[]): string {
  const target = join(temporaryDirectory(), basename(root));
  for (const part of parts) {
    const to = join(target, part.slice(root.length));
    mkdirSync(dirname(to), { recursive: true });
    cpSync(part, to, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  }
  spawnSync('chmod', ['-R', 'a+rX', target]);
  return target;
}
