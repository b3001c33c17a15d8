/** What is asked of the program that works on a container's files (src/files/worker.ts), and what it answers. */
import type { TsrunError } from '../errors.js';
import type { CopySource } from './path.js';

/** argv[2] of the program, as JSON. */
export type FilesJob = ReadJob | WriteJob | DiffJob | ExportJob;

/** Who works: the one who puts containers of this map together. */
export interface Become {
  uid: number;
  gid: number;
  /** There are groups to leave, and the kernel lets one. */
  leavesGroups: boolean;
}

interface InsideJob {
  become: Become;
}

/** The working directory is the container's root. A line of FilesMessage on standard output, then a tar. */
export interface ReadJob extends InsideJob {
  /** Of absolutePath. */
  read: string;
  /** Also when the last component is a link. */
  follow: boolean;
  /** What the first entry is called; undefined: as docker calls it. */
  as?: string;
}

/** The working directory is the container's root. A line of FilesMessage on standard output, then a tar is read from standard input. */
export interface WriteJob extends InsideJob {
  /** Of absolutePath. */
  write: string;
  /** What comes; undefined: any tar, for a directory that is there. */
  source?: CopySource;
  /** Owners as the tar has them, where the map has those; otherwise all is the container root's. */
  keepOwners: boolean;
  /** What was written is to be on the disk when it ends. */
  sync: boolean;
}

/** The working directory is the container's root, with nothing mounted over it. A line of FilesMessage on standard output, then a tar of all of it. */
export interface ExportJob extends InsideJob {
  whole: true;
}

/** Lines of FilesMessage on standard output. */
export interface DiffJob {
  /** What the container wrote, as a path of the host. */
  changed: string;
  /** Only what is different, with whiteouts of the kernel's or of fuse-overlayfs; or all of it, in a copy. */
  form: 'overlay' | 'fuse-overlayfs' | 'whole';
  /** Paths that tsrun made itself; latin1. */
  hidden: readonly string[];
  /** What was there before, the topmost first. */
  before: readonly string[];
  /** Every difference is told, and behind the first line comes a tar: a layer that makes of what was there before what is there now. */
  changeset?: ChangesetJob;
}

export interface ChangesetJob {
  /** What the root directory is, when nobody has changed it; absent: what it was before. */
  root?: RootOwner;
  /** In a map of one id: the layers of the image, the topmost first, which say whose the files are that were there before. */
  layers?: readonly LayerBlob[];
  /** How this map shows ids that it does not have; absent where it has one of that number. */
  strangers: { uid?: number; gid?: number };
}

export interface RootOwner {
  mode: number;
  uid: number;
  gid: number;
}

/** One of the store's. */
export interface LayerBlob {
  path: string;
  size: number;
  mediaType: string;
}

export type FilesMessage =
  | { found: FoundFile }
  /** The destination is there; what it is, for the sentence at the end. */
  | { ready: true }
  /** Not more than some hundreds in one line. */
  | { changes: Change[] }
  /** How many entries the tar has that follows. */
  | { entries: number }
  | { done: Report };

export interface FoundFile {
  isDirectory: boolean;
  /** What nameOf says of its path. */
  name: string;
}

export interface Change {
  kind: 'A' | 'C' | 'D';
  /** latin1: one character for each byte. */
  path: string;
  /** In a changeset: a directory of this name was there, of which nothing is left. */
  opaque?: true;
}

/** What could not be done as it was asked for. */
export interface Report {
  /** The first ten devices, which are left out. */
  devices: string[];
  /** How many entries belong to ids that the map does not have. */
  strangers: number;
}

/** The last line on standard error, when it made a tar: what that leaves out. */
export interface LeftOut {
  /** The first ten, and how many there are. */
  sockets: string[];
  socketCount: number;
}

/** The last line on standard error, when it fails. */
export interface FilesFailure {
  error: ReturnType<TsrunError['toJSON']>;
}

/** The first component of every name in a tar that goes from one side to the other: what it becomes is decided where it arrives. */
export const TOP = 'top';
