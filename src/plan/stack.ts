/** Layers on top of each other with a place for changes, as operations and as options of whatever mounts them. */
import type { Operation } from './operations.js';

export interface Stack {
  /** Directories in overlay form, the topmost first. */
  layers: readonly string[];
  /** Mode of the image's root directory: the merged root shows upper's. */
  mode: number;
  /** Its owner inside, where that is not the container's root. */
  owner?: { uid: number; gid: number };
}

const MS_REC_PRIVATE = 0x4000 | 0x40000;

/** Where the container's ids write, in the container's directory: one mount, the only part of it that its namespaces ever see. */
export function writtenDirectory(containerDir: string): string {
  return `${containerDir}/overlay`;
}

/** Under the caller's uid: what the container's root may not reach. */
export function openStack({ layers }: Pick<Stack, 'layers'>, written: string): Operation[] {
  return [...layers.map((path, index): Operation => ['open-tree', path, 0, `layer.${index}`]), ['open-tree', written, 0, 'written']];
}

/**
 * Layers are attached below a private tmpfs under short names: overlay clones its layers only from mounts of its own namespace, and
 * the options of 120 layers stay within a page.
 * @param place what the tmpfs is mounted over
 */
export function attachStack({ layers, mode, owner }: Stack, place: string): Operation[] {
  return [
    ['propagation', MS_REC_PRIVATE],
    ['staging', place],
    ...(layers.length === 0 ? ([['mkdir', 'empty', 0o755]] satisfies Operation[]) : []),
    ...layers.map((_, index): Operation => ['attach', `layer.${index}`, String(index)]),
    ['attach', 'written', 'c'],
    [
      'unless',
      'c/upper',
      [['mkdir', 'c/upper', mode], ...(owner ? ([['chown', 'c/upper', owner.uid, owner.gid]] satisfies Operation[]) : [])],
    ],
    ['unless', 'c/work', [['mkdir', 'c/work', 0o700]]],
  ];
}

/** @param prefix '' for names relative to the tmpfs */
export function stackOptions({ layers }: Pick<Stack, 'layers'>, prefix: string): string[] {
  const names = layers.length === 0 ? ['empty'] : layers.map((_, index) => index);
  const lower = names.map((name) => `${prefix}${name}`).join(':');
  return [`lowerdir=${lower}`, `upperdir=${prefix}c/upper`, `workdir=${prefix}c/work`];
}
