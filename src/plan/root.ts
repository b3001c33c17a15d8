/** The container's root file system as operations: an overlay over unpacked layers, a copy of a directory, or that directory as it is. */
import { dirname } from 'node:path';
import type { IdMapping } from '../security/idmap.js';
import { type FuseStack, fuseServer, RECEIVE, SERVE } from './fuse.js';
import type { BindSource } from './mounts.js';
import { MS_REC_PRIVATE, O_PATH_DIRECTORY } from './numbers.js';
import type { Operation, Process } from './operations.js';
import { attachStack, nameOf, openStack, type ShiftedLayers, type Stack, shiftedLayers, stackOptions, writtenDirectory } from './stack.js';

export type RootSource =
  | ({ type: 'overlay' } & Stack)
  | ({ type: 'fuse-overlayfs' } & FuseStack)
  /** The container gets a copy of the directory. */
  | { type: 'copy'; path: string }
  | {
      type: 'directory';
      path: string;
      /** It belongs to the container's ids already, as the rootfs of a bundle of ours does. */
      owned?: boolean;
    };

/** SELinux contexts. Only an overlay can have them. */
export interface RootLabels {
  /** What the container sees. */
  files: string;
  /** Of the layers, which containers share. */
  layers: string;
}

export interface RootOperations {
  /** Parent, before the clone. */
  prepare: Operation[];
  /** Directories that prepare made and that must belong to the container's root. */
  ownDirectories: string[];
  /** Parent, before the clone: layers that only the host's root can show as the container's, by these descriptors. */
  shifted: ShiftedLayers;
  /** Child, under the caller's uid: what the container's root may not reach. */
  sources: Operation[];
  /** A directory of the caller's, opened and shown as volumes are. */
  binds: BindSource[];
  /** Child, as root inside: ends with the descriptor `root`. */
  assemble: Operation[];
  /** Parent, once the child has its map: what another process must bring before the child can go on. */
  serve: Operation[];
  server?: Process;
  /** The directory that the container's ids write to, and that only they can empty. */
  written?: string;
}

export function rootOperations(
  root: RootSource,
  containerDir: string,
  ids: IdMapping,
  volatile: boolean,
  labels?: RootLabels,
): RootOperations {
  const written = writtenDirectory(containerDir);
  switch (root.type) {
    case 'overlay':
      return { ...writable(written, root.layers), ...overlay(root, written, volatile, labels) };
    case 'fuse-overlayfs':
      return { ...writable(written, root.layers), ...served(root, written, ids) };
    case 'copy':
      return { ...writable(written, [root.path]), ...copy(root.path, written) };
    case 'directory':
      return { ...NOTHING, ...directory(root.path, root.owned ?? false) };
  }
}

const NOTHING = { prepare: [], ownDirectories: [], shifted: { open: [], names: [], processes: [] }, sources: [], binds: [], serve: [] };

/** Layers in use are locked, shared: who removes one takes its lock alone. */
function writable(written: string, layers: readonly string[]) {
  const locks = layers.map((path, index): Operation => ['lock', dirname(path), 0, `layer-lock.${index}`]);
  return {
    ...NOTHING,
    prepare: [...locks, ['unless', written, [['mkdir', written, 0o700]]]] satisfies Operation[],
    ownDirectories: [written],
    written,
  };
}

type Assembly = Pick<RootOperations, 'assemble'> & Partial<RootOperations>;

/**
 * The kernel shows what is in an overlay under one label, and asks besides for those of the files below when they are mapped (mprotect(2)): layers
 * get theirs when they are first used with one, what is written has it from its directory.
 */
function overlayLabels({ layers }: Stack, labels: RootLabels | undefined): Operation[] {
  if (labels === undefined) return [];
  const below = layers.map((_, index): Operation => ['relabel-tree', nameOf(index), labels.layers, 1]);
  return [...below, ['relabel-tree', 'written', labels.files, 1]];
}

function overlay(stack: Stack, written: string, volatile: boolean, labels: RootLabels | undefined): Assembly {
  // Quoted: a level has commas.
  const options = [
    'userxattr',
    ...stackOptions(stack, ''),
    ...(volatile ? ['volatile'] : []),
    ...(labels ? [`context="${labels.files}"`] : []),
  ];
  return {
    shifted: shiftedLayers(stack),
    sources: openStack(stack, written),
    assemble: [
      ...overlayLabels(stack, labels),
      ...attachStack(stack, '/'),
      ['mkdir', 'root', 0o700],
      ['mount', 'overlay', 'root', 'overlay', 0, options.join(',')],
      ['open', 'root', O_PATH_DIRECTORY, 'root'],
    ],
  };
}

function served(stack: FuseStack, written: string, ids: IdMapping): Assembly {
  return {
    assemble: [['propagation', MS_REC_PRIVATE], ['staging', '/'], ...RECEIVE, ['open', 'root', O_PATH_DIRECTORY, 'root']],
    serve: [...SERVE],
    server: fuseServer(stack, written, ids),
  };
}

/** As root inside, so that owners come out as they are; the copy becomes a mount of its own, which pivot_root wants. */
function copy(path: string, written: string): Assembly {
  return {
    sources: openStack({ layers: [path] }, written),
    assemble: [
      ['propagation', MS_REC_PRIVATE],
      ['staging', '/'],
      ['attach', 'layer.0', '0'],
      ['attach', 'written', 'c'],
      ['unless', 'c/root', copied()],
      ['open-tree', 'c/root', 0, 'copy'],
      ['attach', 'copy', 'root'],
      ['open', 'root', O_PATH_DIRECTORY, 'root'],
    ],
  };
}

/** Under its own name only when it is whole. */
function copied(): Operation[] {
  return [
    ['remove-tree', 'c/new-root'],
    ['mkdir', 'c/new-root', 0o700],
    ['copy-tree', '0', 'c/new-root'],
    ['rename', 'c/new-root', 'c/root'],
  ];
}

function directory(path: string, owned: boolean): Assembly {
  return {
    binds: [{ name: 'directory', path, recursive: true, owned }],
    assemble: [
      ['propagation', MS_REC_PRIVATE],
      ['staging', '/'],
      ['attach', 'directory', 'root'],
      ['open', 'root', O_PATH_DIRECTORY, 'root'],
    ],
  };
}
