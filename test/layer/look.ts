/** What can be seen of a directory tree, for comparing two of them. As a program it prints that of its argument, but for the paths of its second one. */
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { lgetxattr, llistxattr } from '../../src/sys/files.js';

export interface Seen {
  type: string;
  mode: string;
  owner?: string;
  mtime?: string;
  link?: string;
  /** The first of the names of one file. */
  group?: string;
  contents?: string;
  device?: string;
  xattrs?: Record<string, string>;
}

/**
 * Everything that can be seen of a tree, by path relative to it (latin1).
 * @param skip true for a path that is not to be looked at, nor what is below it
 */
export function look(root: string, skip: (name: string) => boolean = () => false): Record<string, Seen> {
  const seen: Record<string, Seen> = {};
  const groups = new Map<bigint, string>();
  const walk = (path: Buffer, name: string) => {
    if (skip(name)) return;
    const stat = lstatSync(path, { bigint: true });
    const entry: Seen = {
      type: (Number(stat.mode) & 0o170000).toString(8),
      mode: (Number(stat.mode) & 0o7777).toString(8),
      owner: `${stat.uid}:${stat.gid}`,
      mtime: String(stat.mtimeNs),
    };
    if (stat.isSymbolicLink()) entry.link = readlinkSync(path, { encoding: 'buffer' }).toString('latin1');
    if (stat.isFile()) entry.contents = createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 16);
    if (stat.isBlockDevice() || stat.isCharacterDevice()) entry.device = String(stat.rdev);
    if (!stat.isDirectory() && stat.nlink > 1n) {
      const first = groups.get(stat.ino) ?? name;
      groups.set(stat.ino, first);
      entry.group = first;
    }
    const xattrs = xattrsOf(path);
    if (Object.keys(xattrs).length > 0) entry.xattrs = xattrs;
    seen[name] = entry;
    if (!stat.isDirectory()) return;
    for (const child of readdirSync(path, { encoding: 'buffer' }).sort(Buffer.compare)) {
      walk(Buffer.concat([path, Buffer.from('/'), child]), name === '.' ? child.toString('latin1') : `${name}/${child.toString('latin1')}`);
    }
  };
  walk(Buffer.from(root), '.');
  return seen;
}

function xattrsOf(path: Buffer): Record<string, string> {
  try {
    return Object.fromEntries(llistxattr(path).map((name) => [name.toString('latin1'), lgetxattr(path, name).toString('hex')]));
  } catch {
    return {};
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [root = '.', skipped = '[]'] = process.argv.slice(2);
  const names = new Set<string>(JSON.parse(skipped));
  process.stdout.write(JSON.stringify(look(root, (name) => names.has(name))));
}
