/**
 * Starts a bundle of this folder with V8's code cache: what an earlier start compiled is read instead of compiled, in half the time. It lies
 * in the store, where nobody else may write; without a store there is none. bin/ calls it.
 */
import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';
import { errnoOf } from '../errors.js';
import { type HostPath, isPrivateDirectory, resolveRoots, storePaths } from '../paths.js';

/** Of other Nodes, other installations and older versions; the oldest go. */
const MOST_FILES = 12;

/** What require() of the bundle gives. */
export function load(name: 'cli' | 'compile'): unknown {
  const path = fileURLToPath(new URL(`./${name}.cjs`, import.meta.url));
  const module = { exports: {} };
  const source = `(function (exports, require, module, __filename, __dirname) {${readFileSync(path, 'utf8')}\n})`;
  const file = cacheFile(path, name);
  const cachedData = file === undefined ? undefined : readOwn(file);
  const script = new Script(source, { filename: path, ...(cachedData === undefined ? {} : { cachedData }) });
  // At the end: what was compiled on the way is in it, too.
  if (file !== undefined && (cachedData === undefined || script.cachedDataRejected)) process.on('exit', () => keep(file, script));
  script.runInThisContext()(module.exports, createRequire(path), module, path, dirname(path));
  return module.exports;
}

/** Named by all that tells one bundle from another, for V8 compares only their lengths; and by the Node that it is for. */
function cacheFile(bundle: string, name: string): HostPath | undefined {
  if (process.env['NODE_DISABLE_COMPILE_CACHE']) return undefined;
  try {
    const { ino, size, mtimeNs, ctimeNs } = statSync(bundle, { bigint: true });
    const { base, code } = storePaths(resolveRoots({}, process.env, process.getuid?.() ?? 0));
    if (!statSync(base, { throwIfNoEntry: false })?.isDirectory()) return undefined;
    return join(code, `${name}-${process.version}-${process.arch}-${ino}-${size}-${mtimeNs}-${ctimeNs}`) as HostPath;
  } catch {
    return undefined; // no HOME, perhaps: who needs a store says so
  }
}

function readOwn(file: HostPath): Buffer | undefined {
  try {
    return isPrivateDirectory(dirname(file), process.getuid?.() ?? 0) ? readFileSync(file) : undefined;
  } catch {
    return undefined;
  }
}

/** Whatever is in the way, the next start compiles as this one did. */
function keep(file: HostPath, script: Script): void {
  const made = `${file}.${process.pid}`;
  try {
    makeDirectory(dirname(file));
    if (!isPrivateDirectory(dirname(file), process.getuid?.() ?? 0)) return;
    write(made, script.createCachedData());
    renameSync(made, file);
    forgetOldest(dirname(file));
  } catch {
    // A file without its name is the oldest soon.
  }
}

/** On the disk before it has its name: V8 would take half a file. */
function write(path: string, bytes: Uint8Array): void {
  const fd = openSync(path, 'wx', 0o600);
  try {
    writeFileSync(fd, bytes);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** In a store that is still there: one that was just removed does not come back for this. */
function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
  }
}

function forgetOldest(directory: string): void {
  const files = readdirSync(directory).map((name) => join(directory, name));
  const byAge = files.map((path) => ({ path, at: statSync(path).mtimeMs })).sort((a, b) => b.at - a.at);
  for (const { path } of byAge.slice(MOST_FILES)) rmSync(path, { force: true });
}
