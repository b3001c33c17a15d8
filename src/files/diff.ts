/**
 * What a container changed, as docker's naive diff driver tells it (moby/go-archive changes.go): a file is changed when its type, mode, owner, size,
 * time or capability is another; a directory when its mode or owner is, or anything in it. Read from what the overlay wrote, so that only that
 * and what it covers is looked at.
 */
import { type BigIntStats, closeSync, constants, openSync, readdirSync } from 'node:fs';
import { errnoOf, TsrunError } from '../errors.js';
import { show } from '../layer/fault.js';
import { isOverlayWhiteout } from '../layer/whiteout.js';
import { lgetxattr } from '../sys/files.js';
import { type Descriptors, statOf } from './descriptors.js';
import { isDifferentInside } from './exact.js';
import type { Change, DiffJob } from './job.js';
import { Strangers } from './strangers.js';

/**
 * Sorted by the bytes of the paths. For a changeset all that is different counts: what the overlay wrote, whatever it was before; of a copy what
 * differs in anything but the times of access. @throws the system's errors
 */
export function changesOf(descriptors: Descriptors, job: DiffJob): Change[] {
  const opened: number[] = [];
  try {
    for (const path of [job.changed, ...job.before])
      opened.push(openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW));
    const [changed, ...before] = opened as [number, ...number[]];
    const differ = new Differ(descriptors, job);
    differ.directory(changed, before, '', job.form === 'whole');
    differ.refuseStrangers();
    return differ.changes.sort((a, b) => (a.path < b.path ? -1 : 1));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' && opened.length === 0) return []; // it was never started
    throw error;
  } finally {
    for (const fd of opened) closeSync(fd);
  }
}

/** What there was by one name: the topmost of its kind, and all directories that were shown as one. */
interface Before {
  stat: BigIntStats;
  capability: Buffer | undefined;
  directories: number[];
  /** Where the topmost lies, behind a descriptor that is open while it is compared. */
  at: Buffer;
}

const MARKER = Buffer.from('.wh.');
const OPAQUE_MARKER = Buffer.from('.wh..wh..opq');
const OPAQUE = ['user.overlay.opaque', 'trusted.overlay.opaque', 'user.fuseoverlayfs.opaque'];
const DEEPEST = 500;

class Differ {
  readonly changes: Change[] = [];
  readonly #descriptors: Descriptors;
  readonly #job: DiffJob;
  readonly #hidden: ReadonlySet<string>;
  readonly #strangers: Strangers;
  readonly #isExact: boolean;
  #depth = 0;

  constructor(descriptors: Descriptors, job: DiffJob) {
    this.#descriptors = descriptors;
    this.#job = job;
    this.#hidden = new Set(job.hidden);
    this.#isExact = job.changeset !== undefined;
    this.#strangers = new Strangers(job.changeset?.strangers ?? {});
  }

  refuseStrangers(): void {
    this.#strangers.refuse();
  }

  /** @param opaque nothing of what was there before shines through. @returns whether anything in it is left untold */
  directory(fd: number, before: readonly number[], path: string, opaque: boolean): boolean {
    const seen = new Set<string>();
    let untold = false;
    if (++this.#depth > DEEPEST) throw tooDeep(path);
    for (const name of this.#names(fd)) {
      const key = name.toString('latin1');
      if (this.#isMarker(name)) {
        const gone = name.subarray(MARKER.length);
        if (!name.equals(OPAQUE_MARKER) && !seen.has(gone.toString('latin1'))) this.#gone(before, gone, path);
        seen.add(gone.toString('latin1'));
        continue;
      }
      seen.add(key);
      if (this.#isExact && isMarkerName(name)) throw reserved(`${path}/${key}`);
      if (this.#hidden.has(`${path}/${key}`)) untold = true;
      else untold = this.#entry(fd, before, name, `${path}/${key}`) || untold;
    }
    if (opaque) {
      for (const name of this.#namesBefore(before)) {
        if (!seen.has(name) && !this.#hidden.has(`${path}/${name}`)) this.#gone(before, Buffer.from(name, 'latin1'), path);
      }
    }
    this.#depth--;
    return untold;
  }

  #entry(directory: number, before: readonly number[], name: Buffer, path: string): boolean {
    const fd = this.#descriptors.look(directory, name);
    if (fd === undefined) return false; // it went while we looked
    const old = this.#before(before, name);
    try {
      const stat = statOf(fd);
      if (this.#job.form !== 'whole' && isOverlayWhiteout(stat)) {
        if (old !== undefined) this.changes.push({ kind: 'D', path });
        return false;
      }
      this.#strangers.look(stat, path);
      return this.#compare(fd, stat, old, this.#descriptors.at(directory, name), path);
    } finally {
      closeSync(fd);
      for (const each of old?.directories ?? []) closeSync(each);
    }
  }

  #compare(fd: number, stat: BigIntStats, old: Before | undefined, at: Buffer, path: string): boolean {
    const kind = old === undefined ? 'A' : this.#isChanged(fd, old, stat, at) ? 'C' : undefined;
    const first = this.changes.length;
    if (kind !== undefined) this.changes.push({ kind, path });
    if (!stat.isDirectory()) return false;
    const listed = this.#descriptors.open(fd);
    try {
      const isOpaque = this.#job.form === 'whole' || this.#isOpaque(at, listed);
      const hides = this.#isExact && this.#job.form !== 'whole' && isOpaque && this.#namesBefore(old?.directories ?? []).size > 0;
      const inside = this.changes.length;
      // Behind a marker there is nothing that was there before.
      const untold = this.directory(listed, hides ? [] : (old?.directories ?? []), path, isOpaque);
      const told = this.changes.length > inside;
      if (hides) this.changes.splice(first, kind === undefined ? 0 : 1, { kind: 'C', path, opaque: true });
      else if (kind === undefined && told) this.changes.splice(first, 0, { kind: 'C', path });
      // Made, or with other times, only for what is not told.
      const isOurs = untold && !told && !hides && (kind === 'A' || (this.#isExact && old !== undefined && !isDifferent(old, stat, at)));
      if (isOurs) this.changes.length = first;
      return kind === 'A' && isOurs;
    } finally {
      closeSync(listed);
    }
  }

  #isChanged(fd: number, old: Before, stat: BigIntStats, at: Buffer): boolean {
    if (isDifferent(old, stat, at)) return true;
    if (!this.#isExact) return false;
    // What lies in an overlay's upper directory is there because it was changed; a directory also because something in it was.
    if (this.#job.form !== 'whole' && !stat.isDirectory()) return true;
    return isDifferentInside(this.#descriptors, { fd, stat, at }, old);
  }

  /** Of what the directories showed as one. */
  #namesBefore(directories: readonly number[]): Set<string> {
    return new Set(directories.flatMap((old) => this.#names(old).map((one) => one.toString('latin1'))));
  }

  #gone(before: readonly number[], name: Buffer, path: string): void {
    const old = this.#before(before, name);
    for (const each of old?.directories ?? []) closeSync(each);
    if (old !== undefined) this.changes.push({ kind: 'D', path: `${path}/${name.toString('latin1')}` });
  }

  #before(directories: readonly number[], name: Buffer): Before | undefined {
    let found: Before | undefined;
    for (const directory of directories) {
      const fd = this.#descriptors.look(directory, name);
      if (fd === undefined) continue;
      const stat = statOf(fd);
      const at = this.#descriptors.at(directory, name);
      if (!stat.isDirectory()) {
        closeSync(fd);
        if (found === undefined && !isOverlayWhiteout(stat))
          found = { stat, capability: attribute(at, 'security.capability'), directories: [], at };
        break;
      }
      found ??= { stat, capability: undefined, directories: [], at };
      found.directories.push(this.#descriptors.open(fd));
      closeSync(fd);
      if (OPAQUE.some((mark) => attribute(at, mark)?.toString() === 'y')) break;
    }
    return found;
  }

  #names(fd: number): Buffer[] {
    return readdirSync(`${this.#descriptors.of(fd)}/`, { encoding: 'buffer' });
  }

  /** fuse-overlayfs writes such where it may make no devices; to the kernel's overlay it is a name like others. */
  #isMarker(name: Buffer): boolean {
    return this.#job.form === 'fuse-overlayfs' && isMarkerName(name);
  }

  #isOpaque(at: Buffer, fd: number): boolean {
    if (OPAQUE.some((mark) => attribute(at, mark)?.toString() === 'y')) return true;
    return this.#job.form === 'fuse-overlayfs' && this.#descriptors.stat(fd, OPAQUE_MARKER) !== undefined;
  }
}

function isMarkerName(name: Buffer): boolean {
  return name.subarray(0, MARKER.length).equals(MARKER);
}

function reserved(path: string): TsrunError {
  const shown = show(Buffer.from(path, 'latin1'));
  return new TsrunError('ERR_TSRUN_UNSUPPORTED', `${shown} cannot be in a layer: there, names that begin with .wh. say what is deleted`, {
    subject: shown,
    hint: 'rename or remove it: tsrun exec NAME mv',
  });
}

function tooDeep(path: string): TsrunError {
  return new TsrunError('ERR_TSRUN_UNSUPPORTED', `more than ${DEEPEST} directories lie in each other`, {
    subject: show(Buffer.from(path, 'latin1')),
    hint: 'remove them from inside: tsrun exec NAME rm -r',
  });
}

function isDifferent({ stat: old, capability }: Before, stat: BigIntStats, at: Buffer): boolean {
  if (old.mode !== stat.mode || old.uid !== stat.uid || old.gid !== stat.gid || old.rdev !== stat.rdev) return true;
  if (stat.isDirectory()) return false;
  if (old.size !== stat.size || !isSameTime(old.mtimeNs, stat.mtimeNs)) return true;
  const now = stat.isFile() ? attribute(at, 'security.capability') : undefined;
  return !(now ?? NOTHING).equals(capability ?? NOTHING);
}

const NOTHING = Buffer.alloc(0);
const BILLION = 1_000_000_000n;

/** A copy may have been rounded to seconds. */
function isSameTime(one: bigint, other: bigint): boolean {
  return one === other || (one / BILLION === other / BILLION && (one % BILLION === 0n || other % BILLION === 0n));
}

function attribute(path: Buffer, name: string): Buffer | undefined {
  try {
    return lgetxattr(path, name);
  } catch {
    return undefined;
  }
}
