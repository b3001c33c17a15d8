/** All mounts that a run asks for: -v, --mount, --tmpfs, --volumes-from and the image's VOLUMEs, in the spec's words. Pure. */
import { posix } from 'node:path';
import type { RunOptions } from '../api/options.js';
import { TsrunError } from '../errors.js';
import { slot } from '../plan/slot.js';
import type { Mount, RuntimeSpec } from '../spec/runtime.js';
import { checkText } from './check.js';
import { parseMount } from './mount.js';
import { type AskedMount, bindOptions, isVolumeName, type MountFacts, type Relabel } from './mount-words.js';
import { parseTmpfs } from './tmpfs.js';
import { parseVolume } from './volume.js';

/**
 * What is known of a directory or volume at a destination besides what the runtime spec says: plain JSON, kept in the annotation
 * io.tsrun.volumes. A tmpfs has none.
 */
export interface ContainerMount {
  destination: string;
  /** The volume's name; a slot for one that is made with the container. */
  volume?: string;
  /** Made for a container, not by name: `rm -v` takes it away with the last one that has it. */
  anonymous?: true;
  /** Goes when the container is gone: of a --rm run. */
  discard?: true;
  /** Empty, it gets what the image has at the destination. */
  copy?: true;
  /** The part of the volume that is mounted. */
  subpath?: string;
  /** Given to the container's user before its first start. */
  chown?: true;
  /** At each start, where the container has a label; a volume is shared without being asked. */
  relabel?: Relabel;
}

/** The mounts of another container (--volumes-from). */
export interface Inherited {
  spec: RuntimeSpec;
  mounts: readonly ContainerMount[];
  /** The other container is removed when it ends. */
  transient: boolean;
  readOnly: boolean;
}

export interface UserMountsInput {
  options: Pick<RunOptions, 'volume' | 'mount' | 'tmpfs' | 'rm'>;
  inherited: readonly Inherited[];
  /** Config.Volumes of the image. */
  imageVolumes: Readonly<Record<string, object>> | null | undefined;
  /** Where volumes lie. Without it nothing is made for the image's: what is written there is the container's. */
  volumesDir: string | undefined;
  facts: MountFacts;
}

/** A volume that must be there when the container starts, under the container's map. */
export interface NamedVolume {
  name: string;
  /** For one that is made. */
  labels: Record<string, string>;
}

export interface UserMounts {
  mounts: Mount[];
  containerMounts: ContainerMount[];
  volumes: NamedVolume[];
  notes: string[];
}

/** @throws ERR_TSRUN_USAGE, ERR_TSRUN_UNSUPPORTED, ERR_TSRUN_CONFIG_INVALID */
export function userMounts(input: UserMountsInput): UserMounts {
  const { options, facts, volumesDir } = input;
  const asked = [
    ...(options.volume ?? []).map((text) => parseVolume(text, facts)),
    ...(options.mount ?? []).map((text) => parseMount(text, facts)),
    ...(options.tmpfs ?? []).map(parseTmpfs),
  ];
  refuseTwice(asked);
  const image = imageMounts(input.imageVolumes);
  const all = new Map<string, Planned>();
  const names = anonymousNames();
  // The last one at a destination wins: docker's order.
  if (volumesDir !== undefined) for (const mount of image) all.set(mount.destination, place(mount, volumesDir, options.rm ?? false, names));
  for (const mount of input.inherited.flatMap((other) => inherit(other, options.rm ?? false))) all.set(mount.mount.destination, mount);
  for (const mount of asked) all.set(mount.destination, place(mount, volumesDir ?? '', options.rm ?? false, names));
  const planned = [...all.values()];
  const labels = new Map(asked.flatMap((mount) => (mount.labels && mount.source ? [[mount.source, mount.labels] as const] : [])));
  const existing = new Set(planned.flatMap(({ own }) => (own?.volume !== undefined && isVolumeName(own.volume) ? [own.volume] : [])));
  return {
    mounts: planned.map(({ mount }) => mount),
    containerMounts: planned.flatMap(({ own }) => (own ? [own] : [])),
    volumes: [...existing].map((name) => ({ name, labels: labels.get(name) ?? {} })),
    notes: [...new Set(asked.flatMap(({ notes }) => notes))],
  };
}

interface Planned {
  mount: Mount;
  own?: ContainerMount;
}

/** Numbered in the order of the mounts that stay: two runs of one command line differ in the id alone. */
function anonymousNames(): () => string {
  let next = 0;
  return () => slot(`new-id:${next++}`);
}

function place(asked: AskedMount, volumesDir: string, rm: boolean, newName: () => string): Planned {
  const { type, destination, options, source } = asked;
  if (type === 'tmpfs') return { mount: { destination, type: 'tmpfs', source: 'tmpfs', options } };
  const volume = type === 'bind' ? undefined : (source ?? newName());
  return {
    mount: { destination, type: 'bind', source: volume === undefined ? (source ?? '') : `${volumesDir}/${volume}/_data`, options },
    own: {
      destination,
      ...(volume === undefined ? {} : { volume }),
      ...(volume !== undefined && source === undefined ? { anonymous: true, ...(rm ? { discard: true } : {}) } : {}),
      ...(asked.copy ? { copy: true } : {}),
      ...(asked.subpath === undefined ? {} : { subpath: asked.subpath }),
      ...(asked.chown ? { chown: true } : {}),
      ...(asked.relabel ? { relabel: asked.relabel } : {}),
    },
  };
}

function refuseTwice(asked: readonly AskedMount[]): void {
  const seen = new Map<string, string>();
  for (const { destination, given } of asked) {
    const other = seen.get(destination);
    if (other !== undefined)
      throw new TsrunError('ERR_TSRUN_USAGE', `duplicate mount point: ${other} and ${given} are both mounted at ${destination}`, {
        subject: destination,
        hint: 'give each its own destination',
      });
    seen.set(destination, given);
  }
}

/** Of a volume whose container goes by itself, the last one that has it takes it along. Nothing is copied into it a second time. */
function inherit({ spec, mounts, transient, readOnly }: Inherited, rm: boolean): Planned[] {
  return mounts.flatMap(({ copy: _copied, chown: _given, relabel: _labelled, discard: _theirs, ...own }): Planned[] => {
    const mount = spec.mounts?.find(({ destination }) => destination === own.destination);
    if (mount === undefined) return [];
    const options = (mount.options ?? []).filter((option) => !readOnly || !['ro', 'rro'].includes(option));
    return [
      {
        mount: { ...mount, options: readOnly ? [...options, 'ro'] : options },
        own: { ...own, ...(own.anonymous && transient && rm ? { discard: true } : {}) },
      },
    ];
  });
}

/**
 * One at /proc, /sys or /dev would turn off what protects them (CVE-2019-16884).
 * @throws ERR_TSRUN_CONFIG_INVALID
 */
function imageMounts(volumes: Readonly<Record<string, object>> | null | undefined): AskedMount[] {
  const destinations = Object.keys(volumes ?? {}).map((path) => {
    const destination = posix
      .normalize(`/${checkText(path, 'a volume of the image')}`)
      .replace(/^\/+/, '/')
      .replace(/(.)\/$/, '$1');
    if (/^\/((proc|sys|dev)(\/.*)?)?$/.test(destination)) {
      throw new TsrunError('ERR_TSRUN_CONFIG_INVALID', `the image declares a volume at ${destination}, which is the system's own`, {
        subject: destination,
        hint: 'use another image, or remove this entry of Volumes from its config',
      });
    }
    return destination;
  });
  return [...new Set(destinations)].sort().map((destination) => ({
    type: 'volume',
    given: `the image's volume ${destination}`,
    destination,
    options: bindOptions({ recursive: true, propagation: 'rprivate' }),
    copy: true,
    notes: [],
  }));
}

const ANNOTATION = 'io.tsrun.volumes';

/** The slots in it stay slots: what is written for a run has the names that it got. */
export function mountAnnotations(mounts: readonly ContainerMount[]): Record<string, string> {
  return mounts.length === 0 ? {} : { [ANNOTATION]: JSON.stringify(mounts).replaceAll('\\u0000', '\0') };
}

/** What a container's spec says of its mounts; nothing where the annotation is damaged. */
export function readContainerMounts(spec: Pick<RuntimeSpec, 'annotations'>): ContainerMount[] {
  try {
    const value: unknown = JSON.parse((spec.annotations?.[ANNOTATION] ?? '[]').replaceAll('\0', '\\u0000'));
    return Array.isArray(value) ? value.filter((each: Partial<ContainerMount> | null) => typeof each?.destination === 'string') : [];
  } catch {
    return [];
  }
}
