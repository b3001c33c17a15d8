/** What prune and reset ask and say: docker's and podman's words. Pure. */
import type { StoreContents } from '../../index.js';
import { humanSize } from '../units.js';
import { visible } from '../visible.js';

export function deletedLines(what: string, names: readonly string[]): string {
  return names.length === 0 ? '' : `Deleted ${what}:\n${names.map((name) => `${visible(name)}\n`).join('')}\n`;
}

export function imageLines({ untagged, deleted }: { untagged: readonly string[]; deleted: readonly string[] }): string {
  return deletedLines('Images', [...untagged.map((name) => `untagged: ${name}`), ...deleted.map((digest) => `deleted: ${digest}`)]);
}

export function reclaimedLine(bytes: number): string {
  return `Total reclaimed space: ${humanSize(bytes)}\n`;
}

export function systemWarning({ all, volumes, filter = [] }: { all?: boolean; volumes?: boolean; filter?: string[] }): string {
  const items = [
    'all stopped containers',
    ...(volumes ? ['all anonymous volumes not used by at least one container'] : []),
    ...(all ? ['all images without at least one container associated to them'] : []),
    'all layers, blobs and files that nothing uses, or that an interrupted run left behind',
  ];
  const chosen =
    filter.length === 0
      ? ''
      : `\n\n  Items to be pruned will be filtered with:\n${filter.map((text) => `  - ${visible(text)}`).join('\n')}`;
  return `This will remove:\n${items.map((item) => `  - ${item}`).join('\n')}${chosen}\n`;
}

export function resetWarning({ running, containers, images, volumes, data, run }: StoreContents): string {
  const ended =
    running.length === 0
      ? ''
      : `, ${running.length} of which run: ${running.slice(0, 10).map(visible).join(', ')}${running.length > 10 ? ', …' : ''}`;
  const items = [
    `all containers (${containers}${ended})`,
    `all images (${images})`,
    `all volumes, with what is in them (${volumes})`,
    `the directory ${visible(data)}`,
    `what containers have in ${visible(run)}`,
  ];
  return `This will remove:\n${items.map((item) => `  - ${item}`).join('\n')}\n`;
}
