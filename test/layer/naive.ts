/** The extractor that every attack is written for: it joins paths and trusts the kernel with them. The hostile tests' negative control. */
import { linkSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { LIMITS } from '../../src/layer/limits.js';
import type { TarEntry } from '../../src/layer/tar/entry.js';
import { TarReader } from '../../src/layer/tar/reader.js';
import { mknod } from '../../src/sys/files.js';

export function extractNaively(tar: Buffer, root: string): void {
  let current: { path: string; parts: Buffer[] } | undefined;
  const reader = new TarReader(
    {
      entry: (entry) => {
        const path = resolve(root, entry.name.toString());
        if (entry.type === 'file' && !basename(path).startsWith('.wh.')) current = { path, parts: [] };
        else attempt(() => make(path, root, entry));
      },
      data: (bytes) => current?.parts.push(Buffer.from(bytes)),
      end: () => {
        const done = current;
        current = undefined;
        if (done !== undefined) attempt(() => writeFileSync(done.path, Buffer.concat(done.parts)));
      },
    },
    LIMITS,
  );
  reader.push(tar);
  reader.end();
}

function make(path: string, root: string, entry: TarEntry): void {
  const name = basename(path);
  if (name === '.wh..wh..opq') rmSync(dirname(path), { recursive: true });
  else if (name.startsWith('.wh.')) rmSync(join(dirname(path), name.slice(4)), { recursive: true });
  else if (entry.type === 'directory') mkdirSync(path, { recursive: true });
  else if (entry.type === 'symlink') symlinkSync(entry.link, path);
  else if (entry.type === 'hardlink') {
    rmSync(path, { force: true }); // as tar does
    linkSync(resolve(root, entry.link.toString()), path);
  } else mknod(path, (entry.type === 'fifo' ? 0o010000 : 0o020000) | 0o600, entry.major, entry.minor);
}

function attempt(make: () => void): void {
  try {
    make();
  } catch {
    // It would go on with the next entry.
  }
}
