/** Runs the real unpacking program in a process of its own, and looks at what it left. */
import { execFileSync, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { TsrunError } from '../../src/errors.js';
import type { LayerJob, LayerMessage, LayerReport } from '../../src/layer/job.js';
import type { DiffId } from '../../src/spec/digest.js';
import { look as lookAsMe, type Seen } from './look.js';
import { digestOf } from './tar-builder.js';

export type { Seen };

export const isRoot = process.getuid?.() === 0;
/** As an ordinary user everything runs as root of a namespace with one id. */
export const asRootHere = isRoot ? [] : ['unshare', '-r'];
export const ids: LayerJob['ids'] = isRoot ? 'range' : 'single';
export const needsRoot = isRoot ? false : 'needs root: more than one id';

const scratch = mkdtempSync(join(tmpdir(), 'tsrun-layer-'));
chmodSync(scratch, 0o755);
after(() => {
  // Modes of layers keep their owner out, too.
  if (!isRoot) execFileSync('unshare', ['-r', 'chmod', '-R', 'u+rwx', scratch]);
  rmSync(scratch, { recursive: true, force: true });
});

let count = 0;
export const fresh = (kind: string) => join(scratch, `${kind}-${count++}`);
export function freshDirectory(kind = 'root'): string {
  const path = fresh(kind);
  mkdirSync(path, { mode: 0o755 });
  return path;
}

let program: string | undefined;

/** The program as it is shipped: one CommonJS file. */
export async function bundledWorker(): Promise<string> {
  if (program !== undefined) return program;
  const { build } = await import('esbuild');
  const directory = freshDirectory('program');
  const modules = dirname(dirname(dirname(createRequire(import.meta.url).resolve(`@koromix/koffi-linux-${process.arch}`))));
  symlinkSync(modules, join(directory, 'node_modules'));
  const outfile = join(directory, 'unpack.cjs');
  const entry = fileURLToPath(new URL('../../src/layer/worker.js', import.meta.url));
  const logOverride = { 'empty-import-meta': 'silent' } as const;
  await build({
    entryPoints: [entry],
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    outfile,
    logLevel: 'warning',
    logOverride,
  });
  program = outfile;
  return program;
}

/** What came of a layer: one of the three. */
export interface Unpacked {
  done?: LayerReport;
  notSelfContained?: string;
  error?: ReturnType<TsrunError['toJSON']>;
}

export interface Outcome extends Unpacked {
  status: number | null;
  progress: number[];
  stderr: string;
}

export interface UnpackOptions extends Partial<LayerJob> {
  target?: string;
  /** Command line that the program runs under. */
  wrapper?: string[];
  /** Called with the wrapper's pid; the program starts only when it is done (the wrapper must read a line first). */
  prepare?: (pid: number) => void;
  env?: NodeJS.ProcessEnv;
  node?: string;
}

/** Unpacks a layer given as bytes (or a path). diffId and size are those of the bytes unless they are given. */
export async function unpack(layer: Buffer | string, options: UnpackOptions = {}): Promise<Outcome & { target: string }> {
  const { target = freshDirectory(), wrapper = asRootHere, prepare, env = process.env, node = process.execPath, ...given } = options;
  const blob = typeof layer === 'string' ? layer : fresh('blob');
  if (typeof layer !== 'string') writeFileSync(blob, layer);
  const bytes = typeof layer === 'string' ? undefined : layer;
  const job: LayerJob = {
    blob,
    mediaType: 'application/vnd.oci.image.layer.v1.tar',
    size: lstatSync(blob).size,
    diffId: (given.diffId ?? (bytes === undefined ? '' : digestOf(bytes))) as DiffId,
    mode: 'alone',
    ids,
    become: false,
    syncTo: false,
    ...given,
  };
  const [command = '', ...rest] = [...wrapper, node, await bundledWorker(), JSON.stringify(job)];
  return { ...(await converse(command, rest, { cwd: target, env, stdio: ['pipe', 'inherit', 'pipe', 'pipe'] }, prepare)), target };
}

async function converse(command: string, args: string[], options: SpawnOptions, prepare?: (pid: number) => void): Promise<Outcome> {
  const child = spawn(command, args, options);
  const text = ['', '', '', ''];
  for (const fd of [2, 3]) child.stdio[fd]?.on('data', (data) => (text[fd] += data));
  child.stdin?.on('error', () => undefined);
  if (prepare !== undefined) {
    await once(child, 'spawn');
    prepare(child.pid as number);
  }
  child.stdin?.end('go\n');
  const [status] = await once(child, 'close');
  const outcome: Outcome = { status, progress: [], stderr: text[2] as string };
  for (const line of (text[3] as string).split('\n').filter(Boolean)) {
    const message = JSON.parse(line) as LayerMessage;
    if ('progress' in message) outcome.progress.push(message.progress.bytes);
    else if ('done' in message) outcome.done = message.done;
    else if ('error' in message) outcome.error = message.error;
    else outcome.notSelfContained = message.notSelfContained.entry;
  }
  return outcome;
}

/** GNU tar's extraction as root, the oracle. */
export function gnuTar(tar: Buffer, target = freshDirectory('gnu'), flags: string[] = []): string {
  const archive = fresh('tar');
  writeFileSync(archive, tar);
  const [command = '', ...args] = [...asRootHere, 'tar', '-C', target, '--numeric-owner', '-p', ...flags, '-xf', archive];
  const owner = isRoot ? '--same-owner' : '--no-same-owner';
  // tar makes missing parents under its umask.
  execFileSync('sh', ['-c', 'umask 022; exec "$@"', 'sh', command, ...args, owner, '--xattrs', '--xattrs-include=*'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  return target;
}

/** As root sees it: modes do not matter, and in a namespace with one id everything is 0:0. */
export function look(root: string): Record<string, Seen> {
  if (isRoot) return lookAsMe(root);
  const [command = '', ...args] = [...asRootHere, process.execPath, LOOK, root];
  return JSON.parse(execFileSync(command, args, { encoding: 'utf8', maxBuffer: 2 ** 28 }));
}

const LOOK = fileURLToPath(new URL('./look.js', import.meta.url));

/** Without what an archive does not determine: the root itself, when it has no entry for it. */
export function below(seen: Record<string, Seen>): Record<string, Seen> {
  const { '.': _root, ...rest } = seen;
  return rest;
}

export const hasCommand = (name: string) => (process.env['PATH'] ?? '').split(':').some((directory) => existsSync(join(directory, name)));

/** Runs a command line in a user namespace of its own: `prepare` writes the maps, then the command begins, with all capabilities there. */
export const IN_NAMESPACE = ['unshare', '--user', '--keep-caps', 'sh', '-c', 'read -r go; exec "$@"', 'sh'];

/** Maps of a namespace made by IN_NAMESPACE: lines of `inside outside count`. */
export function writeMaps(pid: number, map: string): void {
  // sh has not entered the namespace before it says so in this link.
  const own = readlinkSync('/proc/self/ns/user');
  while (readlinkSync(`/proc/${pid}/ns/user`) === own) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
  writeFileSync(`/proc/${pid}/uid_map`, map);
  writeFileSync(`/proc/${pid}/gid_map`, map);
}

const NEW_MOUNTS = isRoot ? ['unshare', '--mount', '--propagation', 'private'] : ['unshare', '-r', '--mount'];

/** Wrapper that mounts an overlay on the working directory and enters it. Lowest layer last, as in the mount option. */
export function onOverlay(lowers: string[], upper?: string, work?: string): string[] {
  const writable = upper === undefined ? '' : `,upperdir=${upper},workdir=${work}`;
  const options = `userxattr,lowerdir=${lowers.join(':')}${writable}`;
  return [...NEW_MOUNTS, 'sh', '-c', 'mount -t overlay overlay -o "$0" "$PWD" && cd "$PWD" && exec "$@"', options];
}

/** What the stack of layers shows when overlay mounts it. */
export function lookThroughOverlay(lowers: string[]): Record<string, Seen> {
  // Two layers at least, or overlay refuses to mount without an upper one.
  const [command = '', ...args] = [...onOverlay([...lowers, freshDirectory('bottom')]), process.execPath, LOOK, '.'];
  return JSON.parse(execFileSync(command, args, { cwd: freshDirectory('view'), encoding: 'utf8', maxBuffer: 2 ** 28 }));
}
