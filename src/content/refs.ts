/**
 * References: which name means which descriptor. One file per name is the truth; the layout's index.json is derived from all of them,
 * under one lock, so that other tools find the images by `org.opencontainers.image.ref.name` (image-spec annotations.md).
 */
import { createHash } from 'node:crypto';
import { statSync, utimesSync } from 'node:fs';
import { readdir, readFile, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, TsrunError } from '../errors.js';
import type { StorePaths } from '../paths.js';
import { isDigest } from '../spec/digest.js';
import type { Descriptor } from '../spec/image.js';
import { OCI_INDEX } from '../spec/media-types.js';
import { storeFailure } from './failure.js';
import { syncDirectory, writeDurably } from './ingest.js';
import { lockStore } from './lock.js';

export interface Ref {
  name: string;
  descriptor: Descriptor;
  /** A registry has it under this name. Nobody knows that of a tag, or of what an archive calls itself. */
  pulled?: true;
}

export interface DamagedRef {
  path: string;
  reason: string;
  /** It could not be read (permission, an error of the disk): what it says is not known, and it may well be whole. */
  unreadable?: Error;
}

const FILE_NAME = /^[0-9a-f]{64}$/;
const REF_NAME = 'org.opencontainers.image.ref.name';
/** The annotation's grammar. A name outside it (an archive's path) is listed without one, which still protects its blobs from other tools. */
const REF_NAME_GRAMMAR = /^[A-Za-z0-9]+(?:(?:[-._:@+]|--)[A-Za-z0-9]+)*(?:\/[A-Za-z0-9]+(?:(?:[-._:@+]|--)[A-Za-z0-9]+)*)*$/;

/** The file of one reference: what a cached decision about it depends on. */
export function refPath(paths: StorePaths, name: string): string {
  return join(paths.refs, createHash('sha256').update(name).digest('hex'));
}

/**
 * Asked of an image that loses names, under the lock: the name by which it stays all the same.
 * @param names those that it loses
 * @param left references that stay
 */
export type Keep = (lost: Descriptor, names: readonly string[], left: readonly Ref[]) => string | undefined | Promise<string | undefined>;

export interface PutOptions {
  /** Asked when the name has meant something else. */
  keep?: Keep;
  /** A registry has said so. */
  pulled?: boolean;
}

/** Points `name` at a descriptor whose blobs are in the store. Durable when it resolves. */
export async function putRef(paths: StorePaths, name: string, descriptor: Descriptor, { keep, pulled }: PutOptions = {}): Promise<void> {
  using _held = await lockStore(paths, 'index', 'exclusive');
  // A damaged reference is written anew.
  const before = await getWholeRef(paths, name).catch(() => undefined);
  // Most pulls find what is there already: that is not worth two fsyncs, but a collector that has chosen it is to see that it is wanted.
  const isKnown = before !== undefined && isSame(before.descriptor, descriptor);
  if (isKnown && (before.pulled || !pulled)) return touch(refPath(paths, name), Date.now());
  if (before !== undefined && keep !== undefined && before.descriptor.digest !== descriptor.digest) {
    const left = (await listRefs(paths)).refs.filter((ref) => ref.name !== name);
    const kept = await keep(before.descriptor, [name], left);
    if (kept !== undefined) await writeRef(paths, { ...before, name: kept });
  }
  await writeRef(paths, { name, descriptor, ...(pulled ? { pulled } : {}) });
  await writeIndex(paths);
}

async function writeRef(paths: StorePaths, { name, descriptor: { mediaType, digest, size }, ...more }: Ref): Promise<void> {
  await writeDurably(paths, refPath(paths, name), `${JSON.stringify({ name, descriptor: { mediaType, digest, size }, ...more })}\n`);
}

function isSame(one: Descriptor, other: Descriptor): boolean {
  return one.digest === other.digest && one.size === other.size && one.mediaType === other.mediaType;
}

/** The mtime of a reference is when its image was last used, to the hour: two system calls for a run, and a store that cannot be written to does without. */
const USE_INTERVAL = 3_600_000;

/** To be called by whoever uses the image of this name. */
export function markUsed(paths: StorePaths, name: string, now = Date.now()): void {
  if (now - lastUse(paths, name) > USE_INTERVAL) touch(refPath(paths, name), now);
}

function touch(path: string, now: number): void {
  try {
    utimesSync(path, now / 1000, now / 1000);
  } catch {
    // Removed meanwhile, or another user's.
  }
}

/** Milliseconds since 1970; 0 when there is no such reference. */
export function lastUse(paths: StorePaths, name: string): number {
  return statSync(refPath(paths, name), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** Undefined when there is no such reference. Errors: ERR_TSRUN_STORE_UNREADABLE, also for a damaged file. */
export async function getRef(paths: StorePaths, name: string): Promise<Descriptor | undefined> {
  return (await getWholeRef(paths, name))?.descriptor;
}

async function getWholeRef(paths: StorePaths, name: string): Promise<Ref | undefined> {
  const path = refPath(paths, name);
  const ref = await readRef(path);
  if (ref === undefined) return undefined;
  if ('reason' in ref || ref.name !== name) {
    throw new TsrunError(
      'ERR_TSRUN_STORE_UNREADABLE',
      `the reference ${name} is damaged: ${'reason' in ref ? ref.reason : 'it names another image'}`,
      {
        subject: path,
        hint: `pull the image again, or remove ${path}`,
      },
    );
  }
  return ref;
}

/** All references in the order of their names, and the files that cannot be read: they hide nothing but themselves. */
export async function listRefs(paths: StorePaths): Promise<{ refs: Ref[]; damaged: DamagedRef[] }> {
  const files = await readdir(paths.refs).catch((cause: unknown) => {
    if (errnoOf(cause) === 'ENOENT') return [];
    throw storeFailure(cause, 'cannot list the images', paths.refs);
  });
  const refs: Ref[] = [];
  const damaged: DamagedRef[] = [];
  for (const file of files.filter((name) => FILE_NAME.test(name))) {
    const path = join(paths.refs, file);
    const ref = await readRef(path).catch((error: Error) => ({ path, reason: error.message, unreadable: error }));
    if (ref === undefined) continue;
    if ('reason' in ref) damaged.push(ref);
    else if (refPath(paths, ref.name) !== path) damaged.push({ path, reason: 'it holds another name' });
    else refs.push(ref);
  }
  return { refs: refs.sort((a, b) => (a.name < b.name ? -1 : 1)), damaged };
}

/** For who removes what nothing refers to. @throws the reason why that is not known */
export function assertReadable(damaged: readonly { unreadable?: Error }[]): void {
  for (const { unreadable } of damaged) if (unreadable !== undefined) throw unreadable;
}

/** A reference as it was read. */
export interface SeenRef {
  name: string;
  /** undefined: it was damaged */
  descriptor: Descriptor | undefined;
  /** Present: it counts as another one once it was used again (lastUse). */
  used?: number;
}

/**
 * Removes those that still are what they were: whoever has given a name to another image meanwhile, or used it, keeps it. Blobs stay (see gc.ts).
 * @param keep asked of each image that would lose names
 * @returns the names that are gone
 */
export async function removeRefs(paths: StorePaths, seen: readonly SeenRef[], keep?: Keep): Promise<string[]> {
  if (seen.length === 0) return [];
  using _held = await lockStore(paths, 'index', 'exclusive');
  const found = await Promise.all(seen.map((ref) => asSeen(paths, ref)));
  const gone = found.filter((ref) => ref !== undefined);
  const kept = keep === undefined ? new Set<string>() : await keepLost(paths, gone, keep);
  const names = gone.map(({ name }) => name).filter((name) => !kept.has(name));
  for (const name of names) await unlinkRef(paths, name);
  if (names.length > 0) await syncDirectory(paths.refs);
  if (names.length + kept.size > 0) await writeIndex(paths);
  return names;
}

/** Undefined for what is another one by now. */
async function asSeen(paths: StorePaths, ref: SeenRef): Promise<Ref | SeenRef | undefined> {
  const { name, descriptor, used } = ref;
  const now = await readRef(refPath(paths, name));
  if (now === undefined || 'reason' in now || now.name !== name) return now && descriptor === undefined ? ref : undefined;
  const isUnused = used === undefined || used === lastUse(paths, name);
  return descriptor !== undefined && isSame(now.descriptor, descriptor) && isUnused ? now : undefined;
}

/** @returns the names that they have from now on */
async function keepLost(paths: StorePaths, gone: readonly (Ref | SeenRef)[], keep: Keep): Promise<Set<string>> {
  const left = (await listRefs(paths)).refs.filter((ref) => !gone.some(({ name }) => name === ref.name));
  const kept = new Set<string>();
  for (const descriptor of new Map(gone.map((ref) => [ref.descriptor?.digest, ref.descriptor])).values()) {
    if (descriptor === undefined) continue;
    const lost = gone.filter((ref) => ref.descriptor?.digest === descriptor.digest);
    const names = lost.map((ref) => ref.name);
    const pulled = lost.every((ref) => 'pulled' in ref) ? { pulled: true as const } : {};
    const name = await keep(descriptor, names, left);
    if (name === undefined) continue;
    if (!names.includes(name)) await writeRef(paths, { name, descriptor, ...pulled });
    kept.add(name);
  }
  return kept;
}

async function unlinkRef(paths: StorePaths, name: string): Promise<void> {
  const path = refPath(paths, name);
  await unlink(path).catch((cause: unknown) => {
    if (errnoOf(cause) !== 'ENOENT') throw storeFailure(cause, `cannot remove the reference ${name}`, path);
  });
}

/** Writes index.json again when a writer died between a reference and it. The directory is then the newer of the two, or as old: clocks of files tick slowly. */
export async function refreshIndex(paths: StorePaths): Promise<void> {
  const [index, refs] = await Promise.all([changedAt(indexPath(paths)), changedAt(paths.refs)]);
  if (index !== undefined && refs !== undefined && index > refs) return;
  using _held = await lockStore(paths, 'index', 'exclusive');
  await writeIndex(paths);
}

async function changedAt(path: string): Promise<bigint | undefined> {
  return (await stat(path, { bigint: true }).catch(() => undefined))?.mtimeNs;
}

function indexPath(paths: StorePaths): string {
  return join(paths.image, 'index.json');
}

async function writeIndex(paths: StorePaths): Promise<void> {
  const { refs } = await listRefs(paths);
  await writeDurably(paths, indexPath(paths), indexText(refs));
}

function indexText(refs: readonly Ref[]): string {
  const manifests = refs.map(({ name, descriptor }) =>
    REF_NAME_GRAMMAR.test(name) ? { ...descriptor, annotations: { [REF_NAME]: name } } : descriptor,
  );
  return JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests });
}

/** Whether index.json says what these references say; one that a writer left behind the references is made anew by the next one, and fine. */
export async function indexIsCurrent(paths: StorePaths, refs: readonly Ref[]): Promise<boolean> {
  const text = await readFile(indexPath(paths), 'utf8').catch(() => undefined);
  if (text === indexText(refs) || (text === undefined && refs.length === 0)) return true;
  const [index, directory] = await Promise.all([changedAt(indexPath(paths)), changedAt(paths.refs)]);
  return index !== undefined && directory !== undefined && index <= directory;
}

/** Writes it anew, whatever it says. */
export async function rebuildIndex(paths: StorePaths): Promise<void> {
  using _held = await lockStore(paths, 'index', 'exclusive');
  await writeIndex(paths);
}

/** Removes the file of a reference that is damaged, if that is so still; one that could not be read is left alone. @returns whether it is gone */
export async function removeDamagedRef(paths: StorePaths, path: string): Promise<boolean> {
  using _held = await lockStore(paths, 'index', 'exclusive');
  const { damaged } = await listRefs(paths);
  try {
    if (damaged.some((each) => each.path === path && each.unreadable === undefined)) await unlink(path);
  } catch (cause) {
    if (errnoOf(cause) !== 'ENOENT') return false;
  }
  await writeIndex(paths);
  return true;
}

async function readRef(path: string): Promise<Ref | DamagedRef | undefined> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    if (errnoOf(cause) === 'ENOENT') return undefined;
    throw storeFailure(cause, 'cannot read a reference', path);
  });
  return text === undefined ? undefined : (refOf(text) ?? { path, reason: 'it is not the JSON of a reference' });
}

function refOf(text: string): Ref | undefined {
  try {
    const { name, descriptor, pulled } = JSON.parse(text) as { name: unknown; descriptor: Record<string, unknown>; pulled?: unknown };
    const { mediaType, digest, size } = descriptor;
    if (typeof name !== 'string' || typeof mediaType !== 'string' || !isDigest(digest)) return undefined;
    return typeof size === 'number' && Number.isSafeInteger(size) && size >= 0
      ? { name, descriptor: { mediaType, digest, size }, ...(pulled === true ? { pulled } : {}) }
      : undefined;
  } catch {
    return undefined;
  }
}
