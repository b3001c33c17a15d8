/** What is known of containers, read from their directories. */
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { errnoOf, systemReason, TsrunError } from '../errors.js';
import type { PublishedPort } from '../network/settings.js';
import type { HostPath, StorePaths } from '../paths.js';
import { pauseFile } from '../plan/status.js';
import type { RuntimeSpec } from '../spec/runtime.js';
import { isAlive } from './alive.js';
import { nameOf } from './name.js';
import { type ContainerStatus, readStatus } from './status.js';

export interface Container {
  id: string;
  name: string;
  /** As the user named it. */
  image: string;
  command: string[];
  /** RFC 3339 */
  created: string;
  status: ContainerStatus;
  /** Of its first process, as the host counts; while it runs. */
  pid?: number;
  /** Once it has ended, when anybody was there to see it. */
  exitCode?: number;
  /** Why tsrun ended it: its time limit. */
  error?: string;
  started?: string;
  finished?: string;
  /** Published, with the host's port as it is now; while it runs. */
  ports?: PublishedPort[];
  /** How often it was begun again since it was started. */
  restarts?: number;
  /** Removed when it ends. */
  rm: boolean;
  directory: HostPath;
}

/** Hexadecimal digits of a container's id. */
export const ID_LENGTH = 64;
const ID = new RegExp(`^[0-9a-f]{${ID_LENGTH}}$`);

/** All containers of the store, the newest first. One damaged directory hides no other. */
export function listContainers(paths: StorePaths): Container[] {
  const names = namesOf(paths);
  const kept = idsIn(paths.containers).map((id) => readContainer(join(paths.containers, id) as HostPath, id, names.get(id), false));
  const transient = idsIn(paths.transient).map((id) => readContainer(join(paths.transient, id) as HostPath, id, names.get(id), true));
  return [...kept, ...transient]
    .filter((container): container is Container => container !== undefined)
    .sort((a, b) => (a.created < b.created ? 1 : -1));
}

/** By name, id or the beginning of an id. @throws ERR_TSRUN_CONTAINER_NOT_FOUND, ERR_TSRUN_CONTAINER_AMBIGUOUS */
export function findContainer(paths: StorePaths, text: string): Container {
  const all = listContainers(paths);
  const exact = all.find(({ name, id }) => name === text || id === text);
  const matches = exact ? [exact] : /^[0-9a-f]+$/.test(text) ? all.filter(({ id }) => id.startsWith(text)) : [];
  if (matches.length > 1) {
    throw new TsrunError('ERR_TSRUN_CONTAINER_AMBIGUOUS', `${text} could be one of ${matches.length} containers`, {
      subject: text,
      hint: 'give more digits of the id, or the name',
    });
  }
  if (matches[0]) return matches[0];
  throw new TsrunError('ERR_TSRUN_CONTAINER_NOT_FOUND', `no container ${text}`, { subject: text, hint: 'list them with: tsrun ps -a' });
}

/** The container's runtime spec. @throws ERR_TSRUN_STORE_UNREADABLE */
export function readConfig({ directory, name }: Pick<Container, 'directory' | 'name'>): RuntimeSpec {
  const file = join(directory, 'config.json');
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as RuntimeSpec;
  } catch (cause) {
    const isUnreadable = !['ENOENT', undefined].includes(errnoOf(cause));
    throw new TsrunError('ERR_TSRUN_STORE_UNREADABLE', `the config.json of ${name} cannot be read: ${systemReason(cause)}`, {
      subject: file,
      hint: isUnreadable ? `check the owner and mode of ${file}` : `remove the container: tsrun rm -f ${name}`,
      cause,
    });
  }
}

/** Ids of the directories in `containers/` or `transient/`. */
export function idsIn(directory: HostPath): string[] {
  return entriesOf(directory).filter((name) => ID.test(name));
}

/** Names of what is in a directory of the store; none when it is not there. @throws ERR_TSRUN_STORE_UNREADABLE */
export function entriesOf(directory: HostPath): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw new TsrunError('ERR_TSRUN_STORE_UNREADABLE', `cannot read ${directory}: ${(error as Error).message}`, {
      subject: directory,
      hint: 'check the directory’s owner and mode, or name another store with --root',
      cause: error,
    });
  }
}

/** One of the `--rm` runs. */
export function transientContainer(paths: StorePaths, id: string): Container | undefined {
  return readContainer(join(paths.transient, id) as HostPath, id, namesOf(paths).get(id), true);
}

/** By id: a name is a link to the directory that it names. */
function namesOf(paths: StorePaths): Map<string, string> {
  return new Map(
    entriesOf(paths.names).flatMap((name): [string, string][] => {
      try {
        return [[basename(readlinkSync(join(paths.names, name))), name]];
      } catch {
        return []; // it went while we looked
      }
    }),
  );
}

function readContainer(directory: HostPath, id: string, name: string | undefined, rm: boolean): Container | undefined {
  const alive = isAlive(directory);
  const file = readStatus(directory);
  if (!alive && !existsSync(directory)) return undefined; // it ended while we looked
  const running = alive && file.status === 'running';
  const status = running ? (existsSync(pauseFile(directory)) ? 'paused' : 'running') : quietStatus(file.status, alive);
  return {
    id,
    name: name ?? nameOf(id),
    image: file.image ?? '',
    command: file.command ?? [],
    created: file.created ?? '',
    status,
    ...(running && file.pid ? { pid: Number(file.pid) } : {}),
    ...(!running && file.exitCode !== undefined ? { exitCode: Number(file.exitCode) } : {}),
    ...(!running && file.error ? { error: file.error } : {}),
    ...(Number(file.restarts ?? 0) > 0 ? { restarts: Number(file.restarts) } : {}),
    ...(file.started ? { started: file.started } : {}),
    ...(file.finished ? { finished: file.finished } : {}),
    ...(running && file.ports ? { ports: file.ports.map((port) => ({ ...port, hostPort: Number(port.hostPort) })) } : {}),
    rm,
    directory,
  };
}

/** One that has stopped may still be held: by its runner, which cleans up, or by whoever removes it. */
function quietStatus(status: ContainerStatus | undefined, alive: boolean): ContainerStatus {
  if (alive && (status === undefined || status === 'restarting')) return status ?? 'creating';
  return status === 'created' ? 'created' : 'stopped';
}
