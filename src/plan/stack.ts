/** Layers on top of each other with a place for changes, as operations and as options of whatever mounts them. */
import type { IdRange } from '../security/idmap.js';
import { CLONE_NEWUSER, mapIds } from './identity.js';
import { MS_REC_PRIVATE } from './numbers.js';
import type { Operation, Process } from './operations.js';

export interface Stack {
  /** Directories in overlay form, the topmost first. */
  layers: readonly string[];
  /** Mode of the image's root directory: the merged root shows upper's. */
  mode: number;
  /** Its owner inside, where that is not the container's root. */
  owner?: { uid: number; gid: number };
  /** The layers' ids on disk (as those inside) are shown as other ids of the host, by idmapped mounts. Only the host's root can. */
  shift?: Shift;
}

export interface Shift {
  uid: IdRange[];
  gid: IdRange[];
}

/** Where the container's ids write, in the container's directory: one mount, the only part of it that its namespaces ever see. */
export function writtenDirectory(containerDir: string): string {
  return `${containerDir}/overlay`;
}

/** Under the caller's uid: what the container's root may not reach. */
export function openStack({ layers, shift }: Pick<Stack, 'layers' | 'shift'>, written: string): Operation[] {
  return [...(shift ? [] : openLayers(layers)), ['open-tree', written, 0, 'written']];
}

function openLayers(layers: readonly string[]): Operation[] {
  return layers.map((path, index): Operation => ['open-tree', path, 0, nameOf(index)]);
}

/** Its descriptor. */
export function nameOf(layer: number): string {
  return `layer.${layer}`;
}

export interface ShiftedLayers {
  /** Parent, before the clone. */
  open: Operation[];
  /** Descriptors that it sends, and the child receives. */
  names: string[];
  processes: Process[];
}

/** mount_setattr(2) takes the map from a user namespace: one that is made for it, and whose process is gone at once. */
export function shiftedLayers({ layers, shift }: Pick<Stack, 'layers' | 'shift'>): ShiftedLayers {
  if (shift === undefined || layers.length === 0) return { open: [], names: [], processes: [] };
  return {
    open: [
      ['clone', 'shift', CLONE_NEWUSER],
      mapIds('shift', { ...shift, write: 'direct', setgroups: 'allow' }, undefined),
      ['open-namespace', 'shift', CLONE_NEWUSER, 'shift'],
      ['send', 'shift', 'mapped'],
      ['reap', 'shift'],
      ...openLayers(layers),
      ...layers.map((path, index): Operation => ['idmap-tree', nameOf(index), 'shift', path, 0, []]),
      ['close', 'shift'],
    ],
    names: layers.map((_, index) => nameOf(index)),
    processes: [
      {
        name: 'shift',
        operations: [
          ['stage', 'shift'],
          ['await', 'parent', 'mapped'],
        ],
      },
    ],
  };
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
    ...layers.map((_, index): Operation => ['attach', nameOf(index), String(index)]),
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
