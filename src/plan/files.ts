/**
 * A container's files as operations: its root, its volumes, what is bound into it. The same for its start and for a program of ours
 * that visits one which does not run.
 */
import { isZoneMount } from '../bundle/timezone.js';
import type { IdMapping } from '../security/idmap.js';
import { mapsHostId } from '../security/idmap-form.js';
import { sharedContext } from '../security/selinux.js';
import type { RuntimeSpec } from '../spec/runtime.js';
import type { Mappers } from './identity.js';
import { type BindSource, mountOperations, OWNERLESS } from './mounts.js';
import type { Operation, Process } from './operations.js';
import { type RootLabels, rootOperations } from './root.js';
import type { ContainerSettings } from './settings.js';
import { handOver } from './steward.js';
import { volumeOperations } from './volumes.js';

export interface FilesInput {
  spec: RuntimeSpec;
  settings: Pick<ContainerSettings, 'root' | 'layerLabel'>;
  ids: IdMapping;
  mappers?: Mappers;
  containerDir: string;
  callerUid: number;
}

export interface FilesOperations {
  /** Parent, before anything is opened: what is made and locked. */
  prepare: Operation[];
  /** Parent, before the clone: sources that only he may open. */
  open: Operation[];
  /** Parent, with the map written and the namespace open as `user`: tells the child, and hands over what it may not open. */
  mapped: Operation[];
  /** Parent, after that: what another process must bring before the child can go on. */
  serve: Operation[];
  /** Child, still the caller: waits for the map, and opens the rest. */
  receive: Operation[];
  /** Child, as the container's root: ends with the descriptor `root`. */
  assemble: Operation[];
  /** Those others. */
  others: Process[];
  /** The directory that the container's ids write to and that only they can empty; in it what goes with its volumes. */
  written?: string;
  /** Parent, when the container is gone for good: its own volumes. */
  remove: Operation[];
}

/**
 * @param volatile nobody needs what is written once it has ended
 * @param fetched descriptors of mounts that are made elsewhere, by their destination
 */
export function filesOperations(input: FilesInput, volatile: boolean, fetched?: ReadonlyMap<string, string>): FilesOperations {
  const { spec, settings, ids, containerDir, callerUid } = input;
  const mounts = mountOperations(spec, fetched);
  const root = rootOperations(settings.root, containerDir, ids, volatile, labelsOf(input));
  const volumes = volumeOperations(input, mounts.sources);
  const sources = [...root.binds, ...volumes.sources];
  // Only the host's root can open what the others would open for him, and show it as the container's.
  const foreign = callerUid === 0 && !mapsHostId(ids.uid, callerUid);
  const shown = foreign ? shownAsOwn(input, sources) : [];
  const handed = [...root.shifted.names, ...shown.map(({ name }) => name)];
  const extra = root.written === undefined && volumes.written !== undefined ? [volumes.written] : [];
  const written = root.written ?? extra[0];
  const given = handOver('directories', input, [...root.ownDirectories, ...extra]);
  return {
    prepare: [
      ...volumes.prepare,
      ...root.prepare,
      ...extra.map((path): Operation => ['unless', path, [['mkdir', path, 0o700]]]),
      ...given.operations,
    ],
    open: [...root.shifted.open, ...(foreign ? openSources(sources) : [])],
    mapped: [
      ...shown.map((source): Operation => ['idmap-tree', source.name, 'user', source.path, source.recursive ? 1 : 0, OWNERLESS]),
      ['send', 'child', 'mapped'],
      ...handed.map((name): Operation => ['send-descriptor', 'child', name]),
    ],
    serve: root.serve,
    receive: [
      // Not before the map: then this is still the caller, and may enter what the container's ids own besides.
      ['await', 'parent', 'mapped'],
      ...handed.map((name): Operation => ['receive-descriptor', 'parent', name]),
      ...root.sources,
      ...volumes.open,
      ...(foreign ? [] : openSources(sources)),
    ],
    assemble: [['stage', 'rootfs'], ...root.assemble, ...volumes.fill, ['stage', 'mounts'], ...mounts.operations],
    others: [...(root.server ? [root.server] : []), ...root.shifted.processes, ...given.processes],
    ...(written === undefined ? {} : { written }),
    remove: volumes.remove,
  };
}

/** Of a container made elsewhere the layers get the files' own, which other containers may read as well. */
function labelsOf({ spec, settings }: FilesInput): RootLabels | undefined {
  const files = spec.linux?.mountLabel;
  return files === undefined ? undefined : { files, layers: settings.layerLabel ?? sharedContext(files) };
}

function openSources(sources: readonly BindSource[]): Operation[] {
  return sources.map((source): Operation => ['open-tree', source.path, source.recursive ? 1 : 0, source.name]);
}

/** Root's own files are shown as the container root's; but tsrun's own, and what the kernel itself makes of files. */
function shownAsOwn({ containerDir, spec }: FilesInput, sources: readonly BindSource[]): BindSource[] {
  // With the host's ipc namespace come its segments, whose owners stay what they are as well.
  const kernels = spec.linux?.namespaces?.some(({ type }) => type === 'ipc')
    ? /^\/(proc|sys)(\/|$)/
    : /^\/(proc|sys|dev\/shm|dev\/mqueue)(\/|$)/;
  return sources.filter(
    ({ path, owned, destination }) =>
      !owned && !isZoneMount(path, destination) && !kernels.test(path) && !path.startsWith(`${containerDir}/`),
  );
}
