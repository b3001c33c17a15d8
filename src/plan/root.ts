/** The container's root file system as operations: an overlay over unpacked layers, or a directory as it is. */
import type { Operation } from './operations.js';

export type RootSource =
  | {
      type: 'overlay';
      /** Directories in overlay form, the topmost first. */
      layers: readonly string[];
      /** Mode of the image's root directory: the merged root shows upper's. */
      mode: number;
    }
  | { type: 'directory'; path: string };

export interface RootOperations {
  /** Parent, before the clone. */
  prepare: Operation[];
  /** Directories that prepare made and that must belong to the container's root. */
  ownDirectories: string[];
  /** Child, under the caller's uid: what the container's root may not reach. */
  sources: Operation[];
  /** Child, as root inside: ends with the descriptor `root`. */
  assemble: Operation[];
  /** The directory that the container's ids write to, and that only they can empty. */
  written?: string;
}

const MS_REC_PRIVATE = 0x4000 | 0x40000;
const O_PATH_DIRECTORY = 0o10200000;

export function rootOperations(root: RootSource, containerDir: string, volatile: boolean): RootOperations {
  return root.type === 'overlay' ? overlay(root.layers, root.mode, containerDir, volatile) : directory(root.path);
}

/**
 * Layers are attached below a private tmpfs under short names: overlay clones its layers only from mounts of its own namespace, and
 * the options of 120 layers stay within a page. upper and work lie in `overlay/`, one mount, the only part of the container's
 * directory that its namespaces ever see.
 */
function overlay(layers: readonly string[], mode: number, containerDir: string, volatile: boolean): RootOperations {
  const directory = `${containerDir}/overlay`;
  const lower = layers.length === 0 ? 'empty' : layers.map((_, index) => index).join(':');
  const options = ['userxattr', `lowerdir=${lower}`, 'upperdir=c/upper', 'workdir=c/work', ...(volatile ? ['volatile'] : [])];
  return {
    prepare: [['mkdir', directory, 0o700]],
    ownDirectories: [directory],
    sources: [...layers.map((path, index): Operation => ['open-tree', path, 0, `layer.${index}`]), ['open-tree', directory, 0, 'overlay']],
    assemble: [
      ['propagation', MS_REC_PRIVATE],
      ['staging'],
      ...(layers.length === 0 ? ([['mkdir', 'empty', 0o755]] satisfies Operation[]) : []),
      ...layers.map((_, index): Operation => ['attach', `layer.${index}`, String(index)]),
      ['attach', 'overlay', 'c'],
      ['mkdir', 'c/upper', mode],
      ['mkdir', 'c/work', 0o700],
      ['mkdir', 'root', 0o700],
      ['mount', 'overlay', 'root', 'overlay', 0, options.join(',')],
      ['open', 'root', O_PATH_DIRECTORY, 'root'],
    ],
    written: directory,
  };
}

function directory(path: string): RootOperations {
  return {
    prepare: [],
    ownDirectories: [],
    sources: [['open-tree', path, 1, 'directory']],
    assemble: [['propagation', MS_REC_PRIVATE], ['staging'], ['attach', 'directory', 'root'], ['open', 'root', O_PATH_DIRECTORY, 'root']],
  };
}
