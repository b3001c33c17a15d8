/** The picture of a pull on a terminal: one line per layer, as many as fit. Pure. */
import { shownName } from '../shown-name.js';
import { humanSize, shortId } from '../units.js';
import { visible } from '../visible.js';
import { type LayerProgress, type LayerStep, type PullProgress, rateOf } from './layers.js';

const BAR = 20;

/** At most `rows` lines of at most `columns` characters. */
export function barLines(progress: PullProgress, now: number, columns: number, rows: number): string[] {
  const layers = [...progress.layers];
  const shown = layers.length < rows ? layers : chooseLayers(layers, Math.max(1, rows - 2));
  const lines = [headline(progress), ...shown.map(([digest, layer]) => layerLine(digest, layer, now))];
  const hidden = layers.length - shown.length;
  if (hidden > 0) lines.push(`… and ${hidden} more ${hidden === 1 ? 'layer' : 'layers'}`);
  return lines.slice(0, rows).map((line) => clip(line, columns));
}

function headline(progress: PullProgress): string {
  const name = visible(shownName(progress.reference));
  const all = [...progress.layers.values()];
  if (all.length === 0) return `${name}: resolving`;
  const finished = all.filter(isFinished).length;
  return `${name}: ${finished}/${all.length} ${all.length === 1 ? 'layer' : 'layers'}, ${humanSize(total(all))}`;
}

/** What moves comes first, then what waits; the order of the image is kept. */
function chooseLayers(layers: [string, LayerProgress][], count: number): [string, LayerProgress][] {
  const weight: Record<LayerStep, number> = { unpacking: 0, downloading: 0, uploading: 0, downloaded: 1, waiting: 2, done: 3, present: 3 };
  const chosen = new Set([...layers].sort(([, a], [, b]) => weight[a.step] - weight[b.step]).slice(0, count));
  return layers.filter((layer) => chosen.has(layer));
}

function layerLine(digest: string, layer: LayerProgress, now: number): string {
  return `${shortId(visible(digest))}  ${describe(layer, now)}`;
}

function describe(layer: LayerProgress, now: number): string {
  switch (layer.step) {
    case 'waiting':
      return `waiting      ${humanSize(layer.size)}`;
    case 'present':
      return 'already present';
    case 'downloaded':
      return `downloaded   ${humanSize(layer.size)}`;
    case 'done':
      return `done         ${humanSize(layer.size)}`;
    default: {
      const rate = rateOf(layer, now);
      const tail = layer.retry === undefined ? (rate === undefined ? '' : `  ${humanSize(rate)}/s`) : `  retrying: ${visible(layer.retry)}`;
      return `${layer.step.padEnd(11)}  ${bar(layer)}  ${humanSize(layer.bytes)}/${humanSize(layer.size)}${tail}`;
    }
  }
}

function bar(layer: LayerProgress): string {
  const share = layer.size === 0 ? 0 : Math.min(1, layer.bytes / layer.size);
  const filled = Math.floor(share * BAR);
  const head = filled > 0 && filled < BAR ? '>' : '';
  return `[${('='.repeat(filled - head.length) + head).padEnd(BAR)}]`;
}

function isFinished(layer: LayerProgress): boolean {
  return layer.step === 'done' || layer.step === 'present' || layer.step === 'downloaded';
}

function total(layers: readonly LayerProgress[]): number {
  return layers.reduce((sum, layer) => sum + layer.size, 0);
}

function clip(line: string, columns: number): string {
  const characters = [...line];
  return characters.length <= columns ? line : `${characters.slice(0, Math.max(0, columns - 1)).join('')}…`;
}
