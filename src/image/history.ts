/** How an image came to be: the steps that its config tells of, each with the layer that it made (image-spec config.md, `history`). Pure. */
import type { HistoryEntry } from '../spec/image.js';
import type { Image, ImageLayer } from './image.js';

export interface HistoryStep {
  entry: HistoryEntry;
  /** Absent for a step that changed no file. */
  layer?: ImageLayer;
}

/**
 * The topmost first. What the config says need not fit its layers: a layer that no step is told of has a step without words, a step that
 * claims a layer which there is not has none.
 */
export function historyOf({ config, layers }: Pick<Image, 'config' | 'layers'>): HistoryStep[] {
  const left = [...layers];
  const told = (config.history ?? []).map((entry): HistoryStep => {
    const layer = entry.empty_layer === true ? undefined : left.shift();
    return { entry, ...(layer === undefined ? {} : { layer }) };
  });
  return [...told, ...left.map((layer): HistoryStep => ({ entry: {}, layer }))].reverse();
}
