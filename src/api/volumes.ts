/** Verbs on volumes: create, list, inspect, remove, prune. */
import { randomBytes } from 'node:crypto';
import { existsSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { checkVolumeName } from '../bundle/mount-words.js';
import { volumeUsers } from '../container/remove.js';
import { type Container, listContainers, readConfig } from '../container/state.js';
import { TsrunError } from '../errors.js';
import { notFound, removeVolume as remove } from '../volume/remove.js';
import { ensureVolume, listVolumes, readVolume, type Volume } from '../volume/state.js';
import { checkArguments } from './check-arguments.js';
import type { CommonOptions } from './options.js';
import { openSession, openStore } from './session.js';

export interface VolumeSummary {
  name: string;
  /** RFC 3339 */
  created: string;
  labels: Record<string, string>;
  /** Where its files lie on the host. */
  mountpoint: string;
  /** Made for a container, not by name. */
  anonymous: boolean;
  /** No container has it. */
  dangling: boolean;
  /** The id map that its files belong to; absent until a container first uses it. */
  owners?: string;
}

/** @param name default: 64 hexadecimal digits. One that is there already is left as it is. @throws ERR_TSRUN_USAGE */
export async function createVolume(name?: string, options: CommonOptions & { label?: string[] } = {}): Promise<VolumeSummary> {
  checkArguments(name === undefined ? {} : { name }, options);
  const { paths } = await openStore(options);
  const labels = labelsOf(options.label ?? []);
  const chosen = name === undefined ? randomBytes(32).toString('hex') : checkVolumeName(name, `volume create ${name}`);
  return summaryOf(await ensureVolume(paths, chosen, labels, options.signal), volumeUsers(paths));
}

/** `name` or `name=value`. */
function labelsOf(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const [name = '', ...value] = text.split('=');
      if (name !== '') return [name, value.join('=')];
      throw new TsrunError('ERR_TSRUN_USAGE', `${JSON.stringify(text)} is no label`, { subject: text, hint: 'write NAME=VALUE' });
    }),
  );
}

export interface VolumeFilters {
  /** `name=PART`, `label=NAME[=VALUE]`, `label!=…`, `dangling=true|false`, `driver=local`; of one kind one must hold, of all kinds each. */
  filter?: string[];
}

/** By name. @throws ERR_TSRUN_USAGE for an unknown filter */
export async function volumes(options: CommonOptions & VolumeFilters = {}): Promise<VolumeSummary[]> {
  checkArguments({}, options);
  const { paths } = openSession(options);
  const users = volumeUsers(paths);
  const all = listVolumes(paths).map((volume) => summaryOf(volume, users));
  return all.filter(chosenBy(options.filter ?? [], ['name', 'label', 'dangling', 'driver']));
}

/** In docker's spelling. */
export interface VolumeInspection {
  Name: string;
  Driver: 'local';
  Mountpoint: string;
  CreatedAt: string;
  Labels: Record<string, string>;
  Options: Record<string, never>;
  Scope: 'local';
  /** tsrun's own: see VolumeSummary. */
  Owners?: string;
}

/** @throws ERR_TSRUN_VOLUME_NOT_FOUND */
export async function inspectVolume(name: string, options: CommonOptions = {}): Promise<VolumeInspection> {
  checkArguments({ name }, options);
  const volume = readVolume(openSession(options).paths, name);
  if (volume === undefined) throw notFound(name);
  return {
    Name: name,
    Driver: 'local',
    Mountpoint: volume.data,
    CreatedAt: volume.created,
    Labels: volume.labels,
    Options: {},
    Scope: 'local',
    ...(volume.owners === undefined ? {} : { Owners: volume.owners }),
  };
}

/** @throws ERR_TSRUN_VOLUME_IN_USE, and ERR_TSRUN_VOLUME_NOT_FOUND unless `force` */
export async function removeVolume(name: string, options: CommonOptions & { force?: boolean } = {}): Promise<{ name: string }> {
  checkArguments({ name }, options);
  const { paths } = openSession(options);
  if (readVolume(paths, name) === undefined && options.force) return { name };
  await remove(paths, name, (volume) => volumeUsers(paths).get(volume), options.signal);
  return { name };
}

/**
 * Removes the anonymous volumes that no container has; with `all` those with a name as well.
 * @returns their names, and how many bytes of theirs this user could see
 */
export async function pruneVolumes(
  options: CommonOptions & { all?: boolean; filter?: string[] } = {},
): Promise<{ deleted: string[]; reclaimed: number }> {
  checkArguments({}, options);
  const { paths } = openSession(options);
  const { all, filters } = pruneFilters(options);
  const unknown = listContainers(paths).find(hasDamagedConfig);
  if (unknown !== undefined) {
    options.onNote?.(`no volume is removed: which ones the container ${unknown.name} has cannot be known, for its config.json is damaged`);
    return { deleted: [], reclaimed: 0 };
  }
  const users = volumeUsers(paths);
  const chosen = listVolumes(paths).filter((volume) => {
    const summary = summaryOf(volume, users);
    return summary.dangling && (all || summary.anonymous) && chosenBy(filters, ['label'])(summary);
  });
  const deleted: string[] = [];
  let reclaimed = 0;
  for (const volume of chosen) {
    const size = sizeOf(volume.data);
    try {
      await remove(paths, volume.name, (name) => volumeUsers(paths).get(name), options.signal);
    } catch (error) {
      // Somebody took it into use meanwhile, or was faster.
      if (error instanceof TsrunError && ['ERR_TSRUN_VOLUME_IN_USE', 'ERR_TSRUN_VOLUME_NOT_FOUND'].includes(error.code)) continue;
      throw error;
    }
    deleted.push(volume.name);
    reclaimed += size;
  }
  return { deleted, reclaimed };
}

/** One that was never written names none. */
function hasDamagedConfig(container: Container): boolean {
  try {
    return readConfig(container) === null;
  } catch {
    return existsSync(join(container.directory, 'config.json'));
  }
}

/** docker's other spelling of `--all`. */
function pruneFilters({ all = false, filter = [] }: { all?: boolean; filter?: string[] }): { all: boolean; filters: string[] } {
  const every = filter.filter((text) => /^all=(1|true)$/.test(text));
  return { all: all || every.length > 0, filters: filter.filter((text) => !/^all=/.test(text)) };
}

function chosenBy(filters: readonly string[], known: readonly string[]): (volume: VolumeSummary) => boolean {
  const tests = filters.map((text) => {
    const [, kind = '', not = '', value = ''] = /^([a-z]+)(!?)=(.*)$/s.exec(text) ?? [];
    if (!known.includes(kind) || (not !== '' && kind !== 'label') || (kind === 'dangling' && !/^(true|false|1|0)$/.test(value)))
      throw new TsrunError('ERR_TSRUN_USAGE', `invalid filter ${JSON.stringify(text)}`, {
        subject: text,
        hint: `filter by ${known.map((each) => `${each}=…`).join(', ')}`,
      });
    return { kind: `${kind}${not}`, holds: (volume: VolumeSummary) => holds(volume, kind, value) !== (not === '!') };
  });
  const kinds = [...new Set(tests.map(({ kind }) => kind))];
  // Labels must all hold; of names and the like one must.
  return (volume) =>
    kinds.every((kind) => {
      const own = tests.filter((test) => test.kind === kind);
      return kind.startsWith('label') ? own.every((test) => test.holds(volume)) : own.some((test) => test.holds(volume));
    });
}

function holds(volume: VolumeSummary, kind: string, value: string): boolean {
  if (kind === 'name') return volume.name.includes(value);
  if (kind === 'driver') return value === 'local';
  if (kind === 'dangling') return volume.dangling === /^(true|1)$/.test(value);
  const [name = '', ...rest] = value.split('=');
  return Object.hasOwn(volume.labels, name) && (rest.length === 0 || volume.labels[name] === rest.join('='));
}

/** Without what lies in directories that the container's users closed to this one. */
function sizeOf(directory: string): number {
  try {
    return readdirSync(directory, { withFileTypes: true }).reduce((sum, entry) => {
      const path = join(directory, entry.name);
      return sum + (entry.isDirectory() ? sizeOf(path) : lstatSync(path).blocks * 512);
    }, 0);
  } catch {
    return 0;
  }
}

function summaryOf(volume: Volume, users: ReadonlyMap<string, string>): VolumeSummary {
  return {
    name: volume.name,
    created: volume.created,
    labels: volume.labels,
    mountpoint: volume.data,
    anonymous: volume.anonymous ?? false,
    dangling: !users.has(volume.name),
    ...(volume.owners === undefined ? {} : { owners: volume.owners }),
  };
}
