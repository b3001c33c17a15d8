/** Namespaces that a container shares: which container has them, and whether it may be joined now. */
import { closeSync, existsSync, openSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import {
  flagOf,
  keptSpaces,
  type Neighbour,
  parseSpaces,
  SPACES,
  type SpaceMode,
  type SpaceName,
  type Spaces,
  type SpacesInput,
} from '../bundle/spaces.js';
import { settingsOf } from '../container/settings.js';
import { type Container, findContainer, listContainers, readConfig } from '../container/state.js';
import { readStatus } from '../container/status.js';
import { systemReason, TsrunError } from '../errors.js';
import { parseNetworkMode } from '../network/mode.js';
import type { StorePaths } from '../paths.js';
import type { ContainerSettings } from '../plan/settings.js';
import { mapOf } from '../plan/volumes.js';
import type { IdMapping } from '../security/idmap.js';
import { mapsHostId } from '../security/idmap-form.js';
import type { RuntimeSpec } from '../spec/runtime.js';
import { refuseConfined } from './confined-places.js';
import type { RunOptions } from './options.js';

export interface PreparedSpaces {
  input: SpacesInput;
  kept: Partial<Spaces> | undefined;
  /** First process of the container that is joined. */
  neighbour?: { pid: number; startTime: string };
  notes: string[];
}

/** What asks for another container's namespace: `--pid container:` and its name. */
interface Reference {
  flag: string;
  name: string;
}

/**
 * The kernel lets one enter the namespaces of another container only with rights over its user namespace, that is: in it. So all of them
 * are of one container.
 * @throws ERR_TSRUN_USAGE, ERR_TSRUN_UNSUPPORTED, ERR_TSRUN_CONTAINER_NOT_FOUND
 */
export function prepareSpaces(paths: StorePaths, ids: IdMapping, options: RunOptions): PreparedSpaces {
  const asked = parseSpaces(options);
  const notes = asked.pid.mode === 'host' && mapsHostId(ids.uid, process.getuid?.() ?? 0) ? [OWN_ID] : [];
  const host = { ...(existsSync('/dev/mqueue') ? {} : { noQueues: true }) };
  for (const name of SPACES) checkFile(name, asked[name]);
  const references = referencesOf(asked, options);
  const [first] = references;
  if (first === undefined) return { input: { asked, ...host }, kept: keptSpaces(asked), notes };
  const container = findContainer(paths, first.name);
  const other = references.find(({ name }) => findContainer(paths, name).id !== container.id);
  if (other !== undefined) throw severalNeighbours(first, other);
  const neighbour = findNeighbour(container, references);
  const spec = readConfig(container);
  refuseConfined(
    container.name,
    settingsOf(paths, spec, container.name),
    `${first.flag} container:${first.name}`,
    'choose another container',
  );
  const { uidMappings, gidMappings } = mapOf(ids);
  if (!isDeepStrictEqual([spec.linux?.uidMappings, spec.linux?.gidMappings], [uidMappings, gidMappings]))
    throw refused(first, 'it was started with another --userns, so what it has belongs to others', 'choose another container');
  const theirs = settingsOf(paths, spec, container.name).spaces ?? {};
  for (const name of SPACES) if (asked[name].mode === 'container') checkJoinable(name, container, theirs[name]);
  const resolved = Object.fromEntries(
    SPACES.map((name) => [name, asked[name].mode === 'container' ? { mode: 'container', container: container.id } : asked[name]]),
  ) as unknown as Spaces;
  const seen: Neighbour = { pid: neighbour.pid, namespaces: spec.linux?.namespaces ?? [], hostname: spec.hostname ?? '' };
  return { input: { asked: resolved, neighbour: seen, ...host }, kept: keptSpaces(resolved), neighbour, notes };
}

const OWN_ID =
  '--pid host: the container has your user id, and so may send signals to all of your processes. One that ends the two of tsrun’s that watch it leaves its own behind';

/** Whether it may be entered is for the kernel to say. */
function checkFile(name: SpaceName, space: SpaceMode): void {
  if (space.mode !== 'namespace') return;
  try {
    closeSync(openSync(space.path, 'r'));
  } catch (cause) {
    throw new TsrunError('ERR_TSRUN_UNSUPPORTED', `${flagOf(name)} ns:${space.path} cannot be opened: ${systemReason(cause)}`, {
      subject: space.path,
      hint: `name a file such as /proc/PID/ns/${name}; those of root’s processes only root may open`,
      cause,
    });
  }
}

function referencesOf(asked: Spaces, { network }: RunOptions): Reference[] {
  const mode = parseNetworkMode(network);
  return [
    ...(mode.type === 'container' ? [{ flag: '--network', name: mode.name }] : []),
    ...SPACES.flatMap((name) => referenceOf(name, asked[name])),
  ];
}

function referenceOf(name: SpaceName, mode: SpaceMode | undefined): Reference[] {
  return mode?.mode === 'container' ? [{ flag: flagOf(name), name: mode.container }] : [];
}

/** docker's rule for ipc: who may be joined says so. procfs and the like belong to who owns the namespace, and a file's owner is the host. */
function checkJoinable(name: SpaceName, container: Container, theirs: SpaceMode | undefined): void {
  const reference = { flag: flagOf(name), name: container.name };
  const mode = theirs?.mode ?? 'private';
  if (mode === 'namespace')
    throw refused(
      reference,
      'it has that of a file itself',
      `name the same file: ${flagOf(name)} ns:${theirs && 'path' in theirs ? theirs.path : ''}`,
    );
  if (name === 'ipc' && (mode === 'private' || mode === 'none'))
    throw refused(reference, `its ipc namespace is for itself (--ipc ${mode})`, 'start that container with --ipc shareable');
}

/**
 * The first process of the container that is joined, asked for anew at each start.
 * @throws ERR_TSRUN_UNSUPPORTED when it does not run
 */
function findNeighbour({ name, directory, pid, status }: Container, references: readonly Reference[]): { pid: number; startTime: string } {
  const { startTime } = readStatus(directory);
  if ((status === 'running' || status === 'paused') && pid !== undefined && startTime !== undefined) return { pid, startTime };
  const asking = [...new Set(references.map(({ flag }) => `${flag} container:${name}`))].join(' ');
  throw new TsrunError('ERR_TSRUN_UNSUPPORTED', `${asking}: that container does not run`, {
    subject: name,
    hint: `start it first: tsrun start ${name}`,
  });
}

/** Of a container that was made before. */
export function neighbourOf(
  paths: StorePaths,
  { network, spaces = {} }: ContainerSettings,
): { pid: number; startTime: string } | undefined {
  const references = [
    ...(network.mode === 'container' ? [{ flag: '--network', name: network.container }] : []),
    ...SPACES.flatMap((name) => referenceOf(name, spaces[name])),
  ];
  const [first] = references;
  return first && findNeighbour(findContainer(paths, first.name), references);
}

/** Its pid namespace has processes that are not its own: the host's, another container's, or of one that joined it. */
export function sharesProcesses(paths: StorePaths, { id }: Container, spec: RuntimeSpec): boolean {
  if (!spec.linux?.namespaces?.some(({ type, path }) => type === 'pid' && path === undefined)) return true;
  return listContainers(paths).some((other) => {
    const pid = other.pid === undefined ? undefined : settingsOf(paths, readConfig(other), other.name).spaces?.pid;
    return pid?.mode === 'container' && pid.container === id;
  });
}

function severalNeighbours(one: Reference, other: Reference): TsrunError {
  return new TsrunError(
    'ERR_TSRUN_UNSUPPORTED',
    `${one.flag} container:${one.name} and ${other.flag} container:${other.name}: a container can join the namespaces of one other only, for the kernel wants it in the user namespace that they belong to`,
    { subject: other.name, hint: 'name the same container for all, or start the one with the namespaces of the other' },
  );
}

function refused({ flag, name }: Reference, why: string, hint: string): TsrunError {
  return new TsrunError('ERR_TSRUN_UNSUPPORTED', `${flag} container:${name} cannot be used so: ${why}`, { subject: name, hint });
}
