/** `--pid`, `--ipc`, `--uts`, `--cgroupns`: whose namespaces a container has. Pure. */
import type { RunOptions } from '../api/options.js';
import { TsrunError } from '../errors.js';
import type { Mount, Namespace } from '../spec/runtime.js';
import { refuseNames } from './situation.js';

export const SPACES = ['pid', 'ipc', 'uts', 'cgroup'] as const;
export type SpaceName = (typeof SPACES)[number];

export type SpaceMode =
  /** Its own. Another container may join one that is shareable; `none` has no /dev/shm besides. */
  | { mode: 'private' | 'shareable' | 'none' }
  | { mode: 'host' }
  /** Another container's, by its id once it is known: it must run when this one starts. */
  | { mode: 'container'; container: string }
  /** That of a file. */
  | { mode: 'namespace'; path: string };

export type Spaces = Readonly<Record<SpaceName, SpaceMode>>;

/** The container whose namespaces are joined, as the new one sees it. */
export interface Neighbour {
  pid: number;
  /** Its config.json's. */
  namespaces: readonly Namespace[];
  hostname: string;
}

export interface SpacesInput {
  asked: Spaces;
  /** The host has no /dev/mqueue to show. */
  noQueues?: boolean;
  neighbour?: Neighbour;
}

const FLAGS = { pid: 'pid', ipc: 'ipc', uts: 'uts', cgroup: 'cgroupns' } as const;
const WORDS: Readonly<Record<SpaceName, readonly string[]>> = {
  pid: ['private', 'host'],
  ipc: ['private', 'shareable', 'none', 'host'],
  uts: ['private', 'host'],
  cgroup: ['private', 'host'],
};
/** There is no use for another cgroup namespace than a container's or the host's. */
const WITH_FILE: readonly SpaceName[] = ['pid', 'ipc', 'uts'];

type SpaceOptions = Pick<RunOptions, 'pid' | 'ipc' | 'uts' | 'cgroupns' | 'shmSize' | 'hostname' | 'domainname'>;

/** As on the command line: what asks for it. */
export function flagOf(name: SpaceName): string {
  return `--${FLAGS[name]}`;
}

/** @throws ERR_TSRUN_USAGE */
export function parseSpaces(options: SpaceOptions): Spaces {
  const spaces = Object.fromEntries(SPACES.map((name) => [name, parseSpace(name, options[FLAGS[name]])])) as Record<SpaceName, SpaceMode>;
  const { uts, ipc } = spaces;
  if (!isOwn(uts)) refuseNames(options, uts.mode === 'host' ? "the host's UTS namespace" : "another container's UTS namespace");
  if (options.shmSize !== undefined && (ipc.mode === 'none' || ['host', 'container'].includes(ipc.mode)))
    throw new TsrunError('ERR_TSRUN_USAGE', `conflicting options: --shm-size and --ipc ${options.ipc}: it makes no /dev/shm`, {
      subject: '--shm-size',
      hint: 'leave out one of them',
    });
  return spaces;
}

/** docker's: nothing is what one gets without asking. */
function parseSpace(name: SpaceName, text: string | undefined): SpaceMode {
  if (text === undefined || text === '') return { mode: 'private' };
  if (WORDS[name].includes(text)) return { mode: text } as SpaceMode;
  const colon = text.indexOf(':');
  const [word, rest] = [text.slice(0, colon), text.slice(colon + 1)];
  if (colon > 0 && word === 'container' && rest !== '') return { mode: 'container', container: rest };
  if (colon > 0 && word === 'ns' && WITH_FILE.includes(name) && /^\/[^\0]+$/.test(rest)) return { mode: 'namespace', path: rest };
  const possible = [...WORDS[name], 'container:NAME', ...(WITH_FILE.includes(name) ? ['ns:/PATH'] : [])];
  throw new TsrunError('ERR_TSRUN_USAGE', `${flagOf(name)}: ${JSON.stringify(text)} is not one of its modes`, {
    subject: text,
    hint: `use ${possible.slice(0, -1).join(', ')} or ${possible.at(-1)}`,
  });
}

/** The container has it for itself. */
function isOwn({ mode }: SpaceMode): boolean {
  return mode === 'private' || mode === 'shareable' || mode === 'none';
}

/** What is kept of them: nothing of those that are as always. */
export function keptSpaces(spaces: Spaces): Partial<Spaces> | undefined {
  const kept = Object.entries(spaces).filter(([, { mode }]) => mode !== 'private');
  return kept.length > 0 ? Object.fromEntries(kept) : undefined;
}

/** What comes of a mode: a container may itself have the host's. */
export function spaceOf(name: SpaceName, { asked, neighbour }: SpacesInput): 'own' | 'host' | 'joined' | 'file' {
  const { mode } = asked[name];
  if (mode === 'host' || mode === 'namespace') return mode === 'host' ? 'host' : 'file';
  if (mode !== 'container') return 'own';
  return neighbour?.namespaces.some(({ type }) => type === name) ? 'joined' : 'host';
}

/** One whose network is joined may itself have the host's. */
export function hasHostNetwork(mode: string, { neighbour }: SpacesInput): boolean {
  return mode === 'host' || (mode === 'container' && neighbour?.namespaces.every(({ type }) => type !== 'network') === true);
}

/** Of the runtime spec. */
export function namespaceOfSpace(name: SpaceName, spaces: SpacesInput): Namespace[] {
  const mode = spaces.asked[name];
  switch (spaceOf(name, spaces)) {
    case 'host':
      return [];
    case 'joined':
      return [{ type: name, path: `/proc/${spaces.neighbour?.pid}/ns/${name}` }];
    default:
      return [mode.mode === 'namespace' ? { type: name, path: mode.path } : { type: name }];
  }
}

const NO_PROGRAMS = ['nosuid', 'noexec', 'nodev'];

/**
 * procfs, mqueue and the cgroup tree show the namespace of who mounts them, and only its owner may: of the host's namespaces the host's
 * own are bound, as podman does. /dev/shm goes with the ipc namespace.
 * @param only nothing where /sys may be written to
 */
export function spaceMounts(spaces: SpacesInput, shm: Mount, only: (option: string) => string[]): Mount[] {
  const ipc = spaceOf('ipc', spaces);
  const bound = (destination: string, ...options: string[]): Mount => ({
    destination,
    type: 'bind',
    source: destination,
    options: ['rbind', ...NO_PROGRAMS, ...options, 'rprivate'],
  });
  const fresh = (destination: string, type: string, ...options: string[]): Mount => ({
    destination,
    type,
    source: type,
    options: [...options, ...NO_PROGRAMS],
  });
  return [
    spaceOf('pid', spaces) === 'host' ? bound('/proc') : fresh('/proc', 'proc'),
    spaceOf('cgroup', spaces) === 'host' ? bound('/sys/fs/cgroup', ...only('rro')) : fresh('/sys/fs/cgroup', 'cgroup', ...only('ro')),
    ...(ipc !== 'host' ? [fresh('/dev/mqueue', 'mqueue')] : spaces.noQueues ? [] : [bound('/dev/mqueue')]),
    ...(spaces.asked.ipc.mode === 'none' ? [] : ipc === 'host' ? [bound('/dev/shm')] : ipc === 'joined' ? [joinedShm(spaces)] : [shm]),
  ];
}

/** Seen from outside; the launch plan takes it from the process itself. */
function joinedShm({ neighbour }: SpacesInput): Mount {
  const source = `/proc/${neighbour?.pid}/root/dev/shm`;
  return { destination: '/dev/shm', type: 'bind', source, options: ['bind', ...NO_PROGRAMS, 'rprivate'] };
}
