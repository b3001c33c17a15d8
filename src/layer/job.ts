/** What is asked of the unpacking program (src/layer/worker.ts) and what it answers. */
import type { TsrunError } from '../errors.js';
import type { DiffId } from '../spec/digest.js';
import type { Limits } from './limits.js';
import type { Counting } from './size.js';

/**
 * `alone`: into an empty directory, in overlay's form (whiteouts as devices); ends early when the layer needs its parents.
 * `merged`: onto its parents' view; whiteouts remove.
 */
export type UnpackMode = 'alone' | 'merged';

/** argv[2] of the program, as JSON. The working directory is the target. */
export interface LayerJob {
  /** Host path of the blob; opened before chroot. */
  blob: string;
  mediaType: string;
  /** Bytes of the blob. */
  size: number;
  diffId: DiffId;
  mode: UnpackMode;
  /** `range`: owners exactly as in the layer; `single`: an owner that cannot be given is left out and counted. */
  ids: 'range' | 'single';
  /** Become uid and gid 0 of the user namespace before chroot. */
  become: boolean;
  /** No chroot either, nor any right to it: the caller's own files, for programs that run from there. Where the target will lie on the host. */
  confined?: string;
  /** Write everything to the disk before saying done. Default: true. */
  syncTo?: boolean;
  limits?: Partial<Limits>;
}

/** The other thing that the program is asked for: how many bytes each of these directories of its working directory has. Nothing is written. */
export interface MeasureJob {
  measure: readonly string[];
  counting: Counting;
}

/** Its answer: bytes, in the same order. */
export interface Measured {
  measured: number[];
}

export interface LayerReport {
  /** Headers of real entries, whiteouts among them. */
  entries: number;
  /** Bytes of file contents written (holes of sparse files are not counted). */
  bytes: number;
  /** Of the layer's own entry for `/`, when it has one. */
  root?: RootMetadata;
  /** Entries whose owner could not be given (`single`). */
  squashedOwners: number;
  /** The first ten devices that could not be made; those below /dev, which every container gets anew, are not told. */
  skippedDevices: string[];
  /** Names of extended attributes that are not applied, each once, the first ten. */
  skippedXattrs: string[];
}

export interface RootMetadata {
  /** Permission bits, 0…0o7777. */
  mode: number;
  uid: number;
  gid: number;
  /** Nanoseconds since 1970, decimal. */
  mtime: string;
}

/** One line on descriptor 3, as JSON. The last line is never a progress. */
export type LayerMessage =
  /** Compressed bytes read so far; at most ten such lines a second. */
  | { progress: { bytes: number } }
  | { done: LayerReport }
  /** The entry that needs a parent or a hard link's target from below. Nothing in the target is of use. */
  | { notSelfContained: { entry: string } }
  | { error: ReturnType<TsrunError['toJSON']> };
