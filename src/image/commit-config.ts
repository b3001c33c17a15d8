/** The config of an image that is made of another one, or of nothing. Pure. */
import type { DiffId } from '../spec/digest.js';
import type { HistoryEntry, ImageConfig, Platform } from '../spec/image.js';
import type { Changeable } from './change.js';

export interface Step {
  config: Changeable;
  /** Absent: no file was changed, and there is no new layer. */
  diffId?: DiffId;
  /** RFC 3339 */
  created: string;
  createdBy?: string;
  author?: string;
  comment?: string;
}

/** What docker wrote of the container and the image that an image was made of: of this one it would not be true. */
const OF_THE_PARENT = ['container', 'container_config', 'docker_version', 'id', 'parent'];

/** @param parent as its bytes are parsed: members that tsrun does not know stay */
export function configUpon(parent: ImageConfig & Record<string, unknown>, step: Step): object {
  const kept = Object.fromEntries(Object.entries(parent).filter(([name]) => !OF_THE_PARENT.includes(name)));
  const { rootfs, history = [] } = parent;
  return {
    ...kept,
    created: step.created,
    ...(step.author === undefined ? {} : { author: step.author }),
    config: withoutNothing(step.config),
    rootfs: { type: 'layers', diff_ids: [...rootfs.diff_ids, ...(step.diffId === undefined ? [] : [step.diffId])] },
    history: [...told(history, rootfs.diff_ids.length), historyOf(step)],
  };
}

export function configOfOne({ architecture, os, variant }: Platform, step: Step & { diffId: DiffId }): object {
  return configUpon({ architecture, os, ...(variant === undefined ? {} : { variant }), rootfs: { type: 'layers', diff_ids: [] } }, step);
}

/** Layers that no step tells of have one without words: or the new step would be taken for theirs. */
function told(history: readonly HistoryEntry[], layers: number): HistoryEntry[] {
  const steps = history.filter(({ empty_layer }) => empty_layer !== true).length;
  return [...history, ...Array.from({ length: Math.max(0, layers - steps) }, () => ({}))];
}

function historyOf({ created, createdBy, author, comment, diffId }: Step): HistoryEntry {
  return {
    created,
    ...(createdBy ? { created_by: createdBy } : {}),
    ...(author ? { author } : {}),
    ...(comment ? { comment } : {}),
    ...(diffId === undefined ? { empty_layer: true } : {}),
  };
}

/** Null is how Go writes what there is not. */
function withoutNothing(config: Changeable): object {
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== null && value !== undefined));
}
