/** Reads what chooseIdMapping needs from the host, and for root chooses its block of ids once. */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { accessSync, constants, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { errnoOf, TsrunError } from '../errors.js';
import type { HostPath } from '../paths.js';
import { lock } from '../sys/flock.js';
import type { HostRange } from './id-ranges.js';
import { chooseIdMapping, chooseSlice, type IdFacts, type IdMapping } from './idmap.js';
import type { Slice } from './idmap-form.js';
import { chooseRootBlock, reservedLines } from './idmap-root.js';
import { parseProcMap, parseSubidAnswer, rangesOf } from './subordinate.js';
import type { UsernsMode } from './userns.js';

export interface IdMapSources {
  /** Where root's block is recorded; its lock lies beside it. */
  rootRangeFile: HostPath;
  env: NodeJS.ProcessEnv;
  signal?: AbortSignal;
}

/**
 * @param setAside for `auto`: records ids that `choose` picks from what is left
 * @throws what chooseIdMapping throws, and ERR_TSRUN_STORE_UNREADABLE when root's block cannot be recorded
 */
export async function findIdMapping(
  sources: IdMapSources,
  asked: UsernsMode = { mode: 'default' },
  setAside?: (choose: (taken: Slice[]) => Slice) => Promise<Slice>,
): Promise<IdMapping> {
  const facts = await readIdFactsOf(sources);
  if (asked.mode !== 'auto' || setAside === undefined) return chooseIdMapping(facts, asked);
  const slice = await setAside((taken) => chooseSlice(facts, asked.size, taken));
  return chooseIdMapping({ ...facts, slice }, asked);
}

async function readIdFactsOf({ rootRangeFile, env, signal }: IdMapSources): Promise<IdFacts> {
  const facts = readIdFacts(env);
  if (facts.uid !== 0 || reservedLines(facts)) return facts;
  const rootBlock = await recordRootRange(rootRangeFile, () => chooseRootBlock(facts), signal);
  return { ...facts, ...(rootBlock ? { rootBlock } : {}) };
}

export function readIdFacts(env: NodeJS.ProcessEnv): IdFacts {
  const { newuidmapPath, newgidmapPath } = findMapPrograms(env);
  const userName = currentUserName();
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  const names = [String(uid), ...(userName === undefined ? [] : [userName])];
  return {
    uid,
    gid,
    subuid: subordinateText('/etc/subuid', [], names, env),
    subgid: subordinateText('/etc/subgid', ['-g'], names, env),
    uidMap: parseProcMap(readIfThere('/proc/self/uid_map')),
    gidMap: parseProcMap(readIfThere('/proc/self/gid_map')),
    hostRoot: isHostRoot(),
    ...(userName === undefined ? {} : { userName }),
    ...(newuidmapPath === undefined ? {} : { newuidmapPath }),
    ...(newgidmapPath === undefined ? {} : { newgidmapPath }),
  };
}

/** A kernel variable belongs to the host's root: it is 0 for whom that one is his 0. Without /proc nobody knows, and he may be. */
export function isHostRoot(): boolean {
  try {
    return statSync('/proc/sys/kernel/ostype').uid === 0;
  } catch {
    return true;
  }
}

/** Where a network's directory says who has which ids (nsswitch.conf: subid), only getsubids(1) can tell; the file has no line then. */
function subordinateText(file: string, option: readonly string[], names: readonly string[], env: NodeJS.ProcessEnv): string {
  const text = readIfThere(file);
  if (rangesOf(text, names).length > 0 || names.includes('0') || !/^\s*subid\s*:/m.test(readIfThere('/etc/nsswitch.conf'))) return text;
  const program = findProgram('getsubids', env);
  if (program === undefined) return text;
  const { stdout } = spawnSync(program, [...option, names.at(-1) ?? ''], { encoding: 'utf8', timeout: 10_000, maxBuffer: 1 << 20 });
  return `${text}\n${parseSubidAnswer(stdout ?? '')}`;
}

/**
 * Root's block: the recorded one, or a newly chosen one, recorded for ever: files on disk belong to it.
 * @returns undefined when there is no free block (a nested namespace with hardly any ids)
 */
export async function recordRootRange(
  file: HostPath,
  choose: () => HostRange | undefined,
  signal?: AbortSignal,
): Promise<HostRange | undefined> {
  const known = readRecord(file);
  if (known) return known;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const held = await lock(`${file}.lock`, 'exclusive', signal);
    try {
      return readRecord(file) ?? record(file, choose());
    } finally {
      held.release();
    }
  } catch (cause) {
    if (cause instanceof TsrunError) throw cause;
    throw new TsrunError(
      'ERR_TSRUN_STORE_UNREADABLE',
      `cannot record the ids of root’s containers in ${file}: ${(cause as Error).message}`,
      {
        subject: file,
        hint: 'make the directory writable, or add a line tsrun:1879048192:65536 to /etc/subuid and /etc/subgid',
        cause,
      },
    );
  }
}

function record(file: HostPath, block: HostRange | undefined): HostRange | undefined {
  if (!block) return undefined;
  const temporary = `${file}.${randomBytes(6).toString('hex')}`;
  writeFileSync(temporary, `${JSON.stringify(block)}\n`, { mode: 0o600, flush: true });
  renameSync(temporary, file);
  return block;
}

function readRecord(file: HostPath): HostRange | undefined {
  const text = readIfThere(file);
  if (text === '') return undefined;
  const parsed = parseRecord(text);
  if (parsed) return parsed;
  throw new TsrunError('ERR_TSRUN_STORE_UNREADABLE', `${file} does not hold a range of ids`, {
    subject: file,
    hint: 'restore it: layers and containers of root belong to the ids it named',
  });
}

function parseRecord(text: string): HostRange | undefined {
  try {
    const { start, size } = JSON.parse(text) as Record<string, unknown>;
    const valid = Number.isSafeInteger(start) && Number.isSafeInteger(size) && Number(start) > 0 && Number(size) > 0;
    return valid && Number(start) + Number(size) <= 0xffffffff ? { start: Number(start), size: Number(size) } : undefined;
  } catch {
    return undefined; // said by the caller
  }
}

/** Files that may be absent; anything else wrong with them is an error. */
function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return '';
    throw new TsrunError('ERR_TSRUN_ID_MAP', `cannot read ${path}: ${(cause as Error).message}`, {
      subject: path,
      hint: 'make it readable for this user',
      cause,
    });
  }
}

/** The setuid programs that write maps from /etc/subuid and /etc/subgid. */
export function findMapPrograms(env: NodeJS.ProcessEnv): { newuidmapPath: string | undefined; newgidmapPath: string | undefined } {
  return { newuidmapPath: findProgram('newuidmap', env), newgidmapPath: findProgram('newgidmap', env) };
}

/** The system's places count as much as PATH: they are often missing from a service's. */
export function findProgram(name: string, env: NodeJS.ProcessEnv): string | undefined {
  const directories = ['/usr/bin', '/bin', '/usr/local/bin', '/usr/sbin', ...(env['PATH'] ?? '').split(delimiter)];
  return directories
    .filter((directory) => directory.startsWith('/'))
    .map((directory) => join(directory, name))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function currentUserName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined; // no passwd entry: lines by uid still count
  }
}
