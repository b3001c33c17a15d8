/** `system df`: docker's fields (github.com/docker/cli/cli/command/formatter/disk_usage.go), and rows for what docker does not have. */
import type { ContainerUsage, DiskUsage, ImageUsage, LayerUsage, LeftoverUsage, Usage, VolumeUsage } from '../../index.js';
import { humanSize } from '../units.js';
import { CONTAINERS } from './containers.js';
import { IMAGES, type ImageRow, imageRows } from './images.js';
import { type Listing, prepare } from './listing.js';

export interface UsageRow extends Omit<Usage<unknown>, 'items'> {
  type: string;
}

export const USAGE: Listing<UsageRow> = {
  columns: ['Type', 'TotalCount', 'Active', 'Size', 'Reclaimable'],
  quiet: 'Type',
  fields: {
    Type: { head: 'TYPE', text: ({ type }) => type },
    TotalCount: { head: 'TOTAL', text: ({ total }) => String(total) },
    Active: { head: 'ACTIVE', text: ({ active }) => String(active) },
    Size: { head: 'SIZE', text: ({ size }) => humanSize(size) },
    Reclaimable: {
      head: 'RECLAIMABLE',
      text: ({ size, reclaimable }) => humanSize(reclaimable) + (size > 0 ? ` (${Math.floor((reclaimable * 100) / size)}%)` : ''),
    },
  },
};

export function usageRows({ images, containers, volumes, layers, other }: DiskUsage): UsageRow[] {
  return [
    { type: 'Images', ...images },
    { type: 'Containers', ...containers },
    { type: 'Local Volumes', ...volumes },
    { type: 'Unpacked Layers', ...layers },
    { type: 'Other', ...other },
  ];
}

type ImageUsageRow = ImageRow & { usage: ImageUsage };

const USED_IMAGES: Listing<ImageUsageRow> = {
  columns: ['Repository', 'Tag', 'ID', 'CreatedSince', 'Size', 'SharedSize', 'UniqueSize', 'Containers'],
  quiet: 'ID',
  fields: {
    ...IMAGES.fields,
    Size: { head: 'SIZE', text: ({ usage: { shared, unique } }) => humanSize(shared + unique) },
    SharedSize: { head: 'SHARED SIZE', text: ({ usage: { shared } }) => humanSize(shared) },
    UniqueSize: { head: 'UNIQUE SIZE', text: ({ usage: { unique } }) => humanSize(unique) },
    Containers: { head: 'CONTAINERS', text: ({ usage: { containers } }) => String(containers) },
  },
};

const USED_CONTAINERS: Listing<ContainerUsage> = {
  columns: ['ID', 'Image', 'Command', 'LocalVolumes', 'Size', 'RunningFor', 'Status', 'Names'],
  quiet: 'ID',
  fields: { ...CONTAINERS.fields, Size: { head: 'SIZE', text: ({ bytes }) => humanSize(bytes) } },
};

const USED_VOLUMES: Listing<VolumeUsage> = {
  columns: ['Name', 'Links', 'Size'],
  quiet: 'Name',
  fields: {
    Name: { head: 'VOLUME NAME', text: ({ name }) => name },
    Links: { head: 'LINKS', text: ({ containers }) => String(containers) },
    Size: { head: 'SIZE', text: ({ bytes }) => humanSize(bytes) },
  },
};

const USED_LAYERS: Listing<LayerUsage> = {
  columns: ['Layer', 'Owners', 'Size', 'Needed'],
  quiet: 'Layer',
  fields: {
    Layer: { head: 'LAYER', text: ({ key }) => key.replace(/^(\w+-\w{12}).*$/, '$1') },
    Owners: { head: 'OWNERS', text: ({ owners }) => owners },
    Size: { head: 'SIZE', text: ({ bytes }) => humanSize(bytes) },
    Needed: { head: 'NEEDED', text: ({ needed }) => String(needed) },
  },
};

const OTHERS: Listing<LeftoverUsage> = {
  columns: ['Path', 'Size', 'Held'],
  quiet: 'Path',
  fields: {
    Path: { head: 'PATH', text: ({ path }) => path },
    Size: { head: 'SIZE', text: ({ bytes }) => humanSize(bytes) },
    Held: { head: 'HELD', text: ({ held }) => String(held) },
  },
};

/** `-v`: a table of each kind. */
export function usageTables({ images, containers, volumes, layers, other }: DiskUsage): string {
  const rows = imageRows(images.items).map((row) => ({ ...row, usage: row.image as ImageUsage }));
  return [
    `Images space usage:\n\n${prepare(USED_IMAGES, {}).print(rows)}`,
    `Containers space usage:\n\n${prepare(USED_CONTAINERS, {}).print(containers.items)}`,
    `Local Volumes space usage:\n\n${prepare(USED_VOLUMES, {}).print(volumes.items)}`,
    `Unpacked Layers space usage:\n\n${prepare(USED_LAYERS, {}).print(layers.items)}`,
    `Other space usage:\n\n${prepare(OTHERS, {}).print(other.items)}`,
  ].join('\n');
}
