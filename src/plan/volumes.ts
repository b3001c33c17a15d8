/**
 * Volumes as operations: those of this container alone are made and removed with it; an empty one is filled from the image; `U` gives
 * one to the container's user. All that is done to their files is done inside the map, before the root is pivoted to.
 */
import { basename, dirname } from 'node:path';
import { type ContainerMount, readContainerMounts } from '../bundle/user-mounts.js';
import type { IdMapping } from '../security/idmap.js';
import { sharedContext } from '../security/selinux.js';
import type { RuntimeSpec } from '../spec/runtime.js';
import { jsonText } from './encode.js';
import { type BindSource, mountOperations } from './mounts.js';
import { O_RDWR } from './numbers.js';
import type { Operation } from './operations.js';
import { slot } from './slot.js';
import { writtenDirectory } from './stack.js';
import { type Holders, handOver, type Stewarded } from './steward.js';

export interface VolumesInput {
  spec: RuntimeSpec;
  ids: IdMapping;
  containerDir: string;
}

export interface VolumeOperations {
  /** The binds, with what is known of their files. */
  sources: BindSource[];
  /** Parent, before the clone: what is used is locked. */
  prepare: Operation[];
  /** Child, under the caller's uid. */
  open: Operation[];
  /** Child, once the root is assembled. */
  fill: Operation[];
  /**
   * Parent, when the container is gone: its own volumes go the way of what it wrote. Moved where the container's root may remove them,
   * each by one rename, so that whatever ends us leaves either a volume or a part of a dead container.
   */
  remove: Operation[];
  /** The directory that these need in the container's own, whatever its root file system is. */
  written?: string;
}

/** The volumes that come with a new container. @param failed registers what is done should it never begin */
export function makeVolumes(input: VolumesInput & Holders, failed: (undo: Operation) => Operation[]): Stewarded {
  const directories = ownVolumes(input.spec).made;
  const made = directories.flatMap((directory): Operation[] => [
    ['mkdir', directory, 0o700],
    ...failed(['remove-tree', directory]),
    ['mkdir', `${directory}/_data`, 0o755],
    ['write-file', `${directory}/copying`, 0o600, ''],
    ['write-file', `${directory}/volume.json`, 0o600, jsonText(fileOf(directory, input.ids))],
  ]);
  // Root's own part goes with the rest into what the container wrote; what a steward removes may stay the caller's.
  const parts = input.ids.steward ? ['/_data'] : ['', '/_data', '/copying', '/volume.json'];
  const given = handOver(
    'volumes',
    input,
    directories.flatMap((directory) => parts.map((part) => `${directory}${part}`)),
  );
  return { operations: [...made, ...given.operations], processes: given.processes };
}

/** Directories of the volumes that are made with a new container, and of those that go when it does, unless another one has them. */
export function ownVolumes(spec: RuntimeSpec): { made: string[]; going: string[] } {
  const volumes = volumesOf(usedOf(spec, mountOperations(spec).sources));
  const directories = (which: (volume: Volume) => boolean) => volumes.filter(which).map(({ directory }) => directory);
  return { made: directories(isNew), going: directories(({ discard }) => discard) };
}

function fileOf(directory: string, ids: IdMapping) {
  return { name: basename(directory), created: slot('now'), labels: {}, anonymous: true, ...mapOf(ids) };
}

export function volumeOperations(input: VolumesInput, binds: readonly BindSource[]): VolumeOperations {
  const used = usedOf(input.spec, binds);
  const volumes = volumesOf(used);
  const owned = new Set(used.flatMap(({ source, mount }) => (mount.volume === undefined ? [] : [source])));
  const fill = used.flatMap((each) => fillOf(each, volumes, input.spec));
  const labels = labelOperations(input, used, binds);
  const remove = volumes.filter((volume) => isNew(volume) || volume.discard).flatMap((volume) => removeOf(volume, input));
  const written = writtenDirectory(input.containerDir);
  return {
    sources: binds.map((source) => (owned.has(source) ? { ...source, owned: true } : source)),
    prepare: volumes.flatMap(lockOf),
    open: fill.length === 0 ? [] : [['open-tree', written, 0, 'own']],
    fill: [...used.flatMap(partOf), ...once(fill), ...labels],
    remove,
    ...(fill.length + remove.length === 0 ? {} : { written }),
  };
}

/** A container that is started again has its volumes as it left them: the mark lies in what it wrote, which goes with it. */
function once(fill: Operation[]): Operation[] {
  if (fill.length === 0) return [];
  return [
    ['attach', 'own', 'own'],
    ['unless', 'own/filled', [...fill, ['write-file', 'own/filled', 0o600, '']]],
  ];
}

function usedOf(spec: RuntimeSpec, binds: readonly BindSource[]): Used[] {
  const known = new Map(readContainerMounts(spec).map((mount) => [mount.destination, mount]));
  return binds.flatMap((source) => {
    const mount = source.destination === undefined ? undefined : known.get(source.destination);
    return mount === undefined ? [] : [{ source, mount }];
  });
}

interface Used {
  source: BindSource;
  mount: ContainerMount;
}

/** One volume, however often it is mounted. */
interface Volume {
  directory: string;
  number: number;
  copy: boolean;
  discard: boolean;
}

function volumesOf(used: readonly Used[]): Volume[] {
  const found = new Map<string, Volume>();
  for (const { source, mount } of used) {
    if (mount.volume === undefined) continue;
    const directory = dirname(source.path);
    const { number = found.size, copy = false, discard = false } = found.get(directory) ?? {};
    found.set(directory, { directory, number, copy: copy || mount.copy === true, discard: discard || mount.discard === true });
  }
  return [...found.values()];
}

/** Its name is still a slot: it comes with the container. */
function isNew({ directory }: Volume): boolean {
  return directory.includes('\0');
}

/** In use it is locked, shared: who removes one takes the lock alone. */
function lockOf({ directory, number, copy }: Volume): Operation[] {
  return [
    ['lock', directory, 0, `volume-lock.${number}`],
    ...(copy ? ([['open', `${directory}/copying`, O_RDWR, `volume-copy.${number}`]] satisfies Operation[]) : []),
  ];
}

/** As volume.json says whose its files are. */
export function mapOf({ owners, uid, gid }: IdMapping) {
  const wire = (ranges: IdMapping['uid']) =>
    ranges.map(({ containerId, hostId, size }) => ({ containerID: containerId, hostID: hostId, size }));
  return { owners, uidMappings: wire(uid), gidMappings: wire(gid) };
}

function partOf({ source, mount }: Used): Operation[] {
  if (mount.subpath === undefined) return [];
  return [
    ['attach', source.name, source.name],
    ['subtree', source.name, mount.subpath, source.name],
  ];
}

function fillOf({ source, mount }: Used, volumes: readonly Volume[], { process }: RuntimeSpec): Operation[] {
  const { uid = 0, gid = 0 } = process?.user ?? {};
  const number = volumes.find(({ directory }) => directory === dirname(source.path))?.number;
  return [
    ...(mount.copy ? ([['copy-up', 'root', mount.destination, source.name, `volume-copy.${number}`]] satisfies Operation[]) : []),
    ...(mount.chown ? ([['chown-tree', source.name, uid, gid]] satisfies Operation[]) : []),
  ];
}

/** What tsrun made for the container is its own; of what the host has, what was asked for. */
function labelOperations({ spec, containerDir }: VolumesInput, used: readonly Used[], binds: readonly BindSource[]): Operation[] {
  const label = spec.linux?.mountLabel;
  if (label === undefined) return [];
  const files = binds.filter(({ path }) => path.startsWith(`${containerDir}/`));
  return [
    ...files.map(({ name }): Operation => ['relabel-tree', name, label, 0]),
    ...used.flatMap(({ source, mount }): Operation[] => {
      const how = mount.relabel ?? (mount.volume === undefined ? undefined : 'shared');
      return how === undefined ? [] : [['relabel-tree', source.name, how === 'private' ? label : sharedContext(label), 0]];
    }),
  ];
}

/** Unless another container has it meanwhile. */
function removeOf({ directory, number }: Volume, { containerDir }: VolumesInput): Operation[] {
  return [
    ['close', `volume-lock.${number}`],
    ['rename-unlocked', directory, `${writtenDirectory(containerDir)}/volume.${number}`],
  ];
}
