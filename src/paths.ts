/**
 * Where everything lies on disk; nothing else builds such a path. `<data>` holds what lasts, `<run>` what ends with the boot.
 * The format version is part of the path, so that a later format never misreads an older one.
 */
import { lstatSync, readlinkSync, type Stats, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { errnoOf, TsrunError } from './errors.js';
import { type ChainId, type DiffId, type Digest, hexOf } from './spec/digest.js';
import { bootId } from './sys/boot.js';
import { makeDirectories } from './sys/directories.js';

declare const brand: unique symbol;
/** An absolute path on the host. */
export type HostPath = string & { readonly [brand]: 'HostPath' };

const FORMAT = 'v1';

export interface RootOptions {
  /** `--root`: the store's own directory, in place of the XDG one. */
  root?: string | undefined;
  /** `--run-root`: the runtime state's own directory. */
  runRoot?: string | undefined;
}

export interface Roots {
  data: HostPath;
  run: HostPath;
}

/** Resolves the two roots: the flag, then TSRUN_ROOT and TSRUN_RUN_ROOT, then /var/lib and /run for root or the XDG directories; an empty one is none. */
export function resolveRoots(options: RootOptions, env: NodeJS.ProcessEnv, uid: number): Roots {
  const data = nonEmpty(options.root) ?? nonEmpty(env['TSRUN_ROOT']) ?? defaultData(env, uid);
  const run = nonEmpty(options.runRoot) ?? nonEmpty(env['TSRUN_RUN_ROOT']) ?? defaultRun(env, uid);
  return { data: resolve(data) as HostPath, run: resolve(run) as HostPath };
}

function defaultData(env: NodeJS.ProcessEnv, uid: number): string {
  if (uid === 0) return '/var/lib/tsrun';
  const xdg = nonEmpty(env['XDG_DATA_HOME']);
  if (xdg?.startsWith('/')) return join(xdg, 'tsrun');
  const home = nonEmpty(env['HOME']);
  if (home?.startsWith('/')) return join(home, '.local/share/tsrun');
  throw new TsrunError('ERR_TSRUN_STORE_UNREADABLE', 'no place for the store: HOME is not set', {
    hint: 'set HOME, or name a directory with --root or TSRUN_ROOT',
  });
}

/** XDG_RUNTIME_DIR survives su and sudo and is then another user's: it counts only when it is ours and private. */
function defaultRun(env: NodeJS.ProcessEnv, uid: number): string {
  if (uid === 0) return '/run/tsrun';
  const xdg = nonEmpty(env['XDG_RUNTIME_DIR']);
  if (xdg?.startsWith('/') && isPrivateDirectory(xdg, uid)) return join(xdg, 'tsrun');
  return `/tmp/tsrun-${uid}-${bootId().slice(0, 8)}`; // /tmp may outlast the boot
}

/** Ours, and nobody else may even look into it. */
export function isPrivateDirectory(path: string, uid: number): boolean {
  try {
    const stat = lstatSync(path);
    return stat.isDirectory() && stat.uid === uid && (stat.mode & 0o077) === 0;
  } catch {
    return false;
  }
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === undefined || value === '' ? undefined : value;
}

/**
 * Makes a directory of ours, 0700, and refuses one that belongs to somebody else (a squatter in /tmp).
 * @param link whether it may be a link of ours, to another disk; what it leads to is looked at then. Never where others may put one.
 */
export function ensurePrivateDirectory(path: HostPath, uid: number, link: 'refused' | 'followed' = 'refused'): void {
  try {
    makeDirectories(path, 0o700);
    const stat = lstatSync(path);
    const isOurs = isPrivate(link === 'followed' && stat.isSymbolicLink() && [uid, 0].includes(stat.uid) ? statSync(path) : stat, uid);
    if (isOurs) return;
  } catch (cause) {
    const full = errnoOf(cause) === 'ENOSPC';
    throw new TsrunError(full ? 'ERR_TSRUN_DISK_FULL' : 'ERR_TSRUN_STORE_UNREADABLE', `cannot use ${path}: ${reasonOf(path, cause)}`, {
      subject: path,
      hint: full ? 'free some space there, or name another directory with --root' : 'name a directory you own with --root and --run-root',
      cause,
    });
  }
  throw notPrivate(path, uid);
}

function isPrivate(stat: Stats, uid: number): boolean {
  return stat.isDirectory() && stat.uid === uid && (stat.mode & 0o022) === 0;
}

function reasonOf(path: string, cause: unknown): string {
  const isDangling = errnoOf(cause) === 'ENOENT' && lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink();
  return isDangling ? `it is a link to ${readlinkSync(path)}, which is not there` : wordsOf(cause);
}

/** `ENOTDIR: not a directory, mkdir '/x'` → `not a directory` */
function wordsOf(error: unknown): string {
  return (error as Error).message.replace(/^E[A-Z0-9]+: ([^,]*),.*$/s, '$1');
}

/** What stands in the way, and what may be done about it: never to remove what may be somebody's. */
function notPrivate(path: HostPath, uid: number): TsrunError {
  const link = lstatSync(path);
  const stat = statSync(path, { throwIfNoEntry: false }) ?? link;
  const fail = (what: string, hint: string) => new TsrunError('ERR_TSRUN_STORE_UNREADABLE', `${path} ${what}`, { subject: path, hint });
  if (!stat.isDirectory() && !stat.isSymbolicLink()) return fail('is not a directory', 'name a directory with --root and --run-root');
  if (stat.uid !== uid) return fail(`belongs to another user (${stat.uid})`, 'name a directory of your own with --root and --run-root');
  if ((stat.mode & 0o022) !== 0) {
    const mode = (stat.mode & 0o7777).toString(8);
    return fail(
      `can be written to by others (mode ${mode})`,
      `name a new directory in it with --root or --run-root, or: chmod 700 ${path}`,
    );
  }
  return link.isSymbolicLink()
    ? fail('is a symbolic link', 'name the directory that it leads to with --root or --run-root')
    : fail('is not a private directory of this user', 'name another directory with --root and --run-root');
}

/** What others' files say of registries is read from here. Where there is no HOME, there are no files of the user's own. */
export interface RegistryPlaces {
  /** The main registries.conf: the first that is there. One that the environment names must be there. */
  main: readonly { path: string; required: boolean; owner: 'caller' | 'user' | 'system' }[];
  dropIns: { system: string; user: string | undefined };
  /** The short names that podman's users have chosen at its prompt. */
  chosenAliases: string | undefined;
  /** docker's daemon.json: the first that is there. */
  daemon: readonly string[];
  /** Folders that hold a folder for each host; the first with one for it counts. */
  certificates: readonly string[];
}

/** As containers/image has them (it asks HOME here, not XDG_CONFIG_HOME), and docker's daemons. */
export function registryPlaces(env: NodeJS.ProcessEnv, uid: number, etc = '/etc'): RegistryPlaces {
  const home = nonEmpty(env['HOME']);
  const config = home === undefined ? undefined : join(home, '.config');
  const docker = nonEmpty(env['XDG_CONFIG_HOME']) ?? config;
  const named = nonEmpty(env['CONTAINERS_REGISTRIES_CONF']);
  const cache = uid === 0 ? '/var/cache' : (nonEmpty(env['XDG_CACHE_HOME']) ?? (home === undefined ? undefined : join(home, '.cache')));
  const below = (folder: string | undefined, path: string) => (folder === undefined ? [] : [join(folder, path)]);
  const user = below(config, 'containers/registries.conf').map((path) => ({ path, required: false, owner: 'user' as const }));
  return {
    main: named
      ? [{ path: named, required: true, owner: 'caller' }]
      : [...user, { path: join(etc, 'containers/registries.conf'), required: false, owner: 'system' }],
    dropIns: { system: join(etc, 'containers/registries.conf.d'), user: below(config, 'containers/registries.conf.d')[0] },
    chosenAliases: below(cache, 'containers/short-name-aliases.conf')[0],
    daemon: [...below(docker, 'docker/daemon.json'), join(etc, 'docker/daemon.json')],
    certificates: [
      ...below(config, 'containers/certs.d'),
      join(etc, 'containers/certs.d'),
      join(etc, 'docker/certs.d'),
      ...below(docker, 'docker/certs.d'),
    ],
  };
}

/** All paths of one pair of roots. `owners` names a form of layers on disk (see rootfs/owners.ts). */
export function storePaths(roots: Roots) {
  const base = join(roots.data, FORMAT);
  const at = (...parts: string[]) => join(base, ...parts) as HostPath;
  return {
    roots,
    base: base as HostPath,
    /** A valid OCI image layout. */
    image: at('image'),
    blob: (digest: Digest) => at('image', 'blobs', 'sha256', hexOf(digest)),
    /** Half-made blobs; on the same file system, so that rename is atomic. */
    ingest: at('ingest'),
    refs: at('refs'),
    locks: at('locks'),
    layers: at('layers'),
    layersOf: (owners: string) => at('layers', owners),
    /** A self-contained layer, shared by its diffID. */
    diffLayer: (owners: string, diffId: DiffId) => at('layers', owners, `diff-${hexOf(diffId)}`),
    /** A layer applied on its parents' view. */
    chainLayer: (owners: string, chainId: ChainId) => at('layers', owners, `chain-${hexOf(chainId)}`),
    /** All layers of an image in one directory; without a chainID the empty one. */
    flatLayer: (owners: string, chainId: ChainId | undefined) => at('layers', owners, `flat-${chainId ? hexOf(chainId) : 'empty'}`),
    /** What a container can have of /proc and /sys where parts of those around us are hidden. */
    system: at('system.json'),
    /** How layers of these owners become a root file system here: what a probe found. */
    storage: (owners: string) => at(`storage-${owners}.json`),
    containers: at('containers'),
    transient: at('transient'),
    /** A container's directory until its runner has locked it. */
    unlocked: (id: string) => at('transient', `new-${id}`),
    names: at('names'),
    /** What happened, one line each; `.1` behind it: the older ones. */
    events: at('events'),
    volumes: at('volumes'),
    volume: (name: string) => at('volumes', name),
    /** Ids that one container alone has. */
    slices: at('slices'),
    slice: (start: number, size: number, of: string) => at('slices', `${start}-${size}-${of}`),
    /** V8's code caches of the bundles (src/cli/load.ts). */
    code: at('code'),
    trash: at('trash'),
    /** Facts told to this user once (notes already shown). */
    told: at('told'),
    run: roots.run,
    /** A container's runtime directory: its attach socket. */
    runOf: (id: string) => join(roots.run, id) as HostPath,
  } as const;
}

export type StorePaths = ReturnType<typeof storePaths>;
