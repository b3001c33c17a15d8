/** Root's mapping: a range reserved for containers, never host id 0. Pure. */
import { TsrunError } from '../errors.js';
import { freeBlock, type HostRange, slice, subtract, total, within } from './id-ranges.js';
import { explicitHostLines } from './idmap-explicit.js';
import { FEWEST, type IdFacts, type IdMapping, isAlone, mappingOf, ROOT_BLOCK_SIZE, rangeMapping, singleMapping } from './idmap-form.js';
import { LAST_ID, type ProcMap, parseSubordinate, rangesOf } from './subordinate.js';
import type { UsernsMode } from './userns.js';

interface Ranges {
  uid: HostRange[];
  gid: HostRange[];
}

/** The host's root's containers get ids of their own: with host id 0 inside, root in the container could write the host's /proc/sys. */
function rootMapping(facts: IdFacts): IdMapping {
  const reserved = reservedLines(facts);
  const block = facts.rootBlock === undefined ? undefined : [facts.rootBlock];
  const uid = within(reserved?.uid ?? block ?? [], facts.uidMap);
  const gid = within(reserved?.gid ?? block ?? [], facts.gidMap);
  if (total(uid) < FEWEST || total(gid) < FEWEST) return nestedRootMapping(facts);
  // Root of a user namespace is an ordinary user outside, and his containers' root is he.
  const own = isHostRoot(facts) ? [] : [{ start: 0, size: 1 }];
  const ids = (ranges: HostRange[]) => [...own, ...slice(ranges, 0, ROOT_BLOCK_SIZE)];
  return rangeMapping(ids(uid), ids(gid), 'direct');
}

/** @throws ERR_TSRUN_UNSUPPORTED for what would bring the host's root into the container unasked */
export function rootModeMapping(facts: IdFacts, asked: UsernsMode): IdMapping {
  switch (asked.mode) {
    case 'default':
    case 'nomap': // root has no place in its map anyway
      return rootMapping(facts);
    case 'keep-id':
      throw hostRootInside('keep-id as root', 'leave --userns out, or run as an ordinary user');
    case 'host':
    case 'identity':
      return identityOfRoot(facts, asked);
    case 'auto':
      if (facts.slice === undefined) throw new TypeError('auto needs a slice of ids that is set aside');
      return { ...rangeMapping([facts.slice], [facts.slice], 'direct'), slice: facts.slice, form: rootMapping(facts), shifted: true };
    case 'explicit':
      return explicitOfRoot(facts, asked);
  }
}

function hostRootInside(what: string, hint: string): TsrunError {
  return new TsrunError('ERR_TSRUN_UNSUPPORTED', `${what} would put the host’s root into the container`, { subject: what, hint });
}

const HOST_ROOT_NOTE =
  'root of this container is root of the host: it may write the host’s /proc/sys and whatever root owns in a volume. Leave --userns out where that is not wanted';

/** All ids that this namespace has, as they are. */
function identityOfRoot(facts: IdFacts, asked: UsernsMode): IdMapping {
  const isHosts = isHostRoot(facts);
  if (isHosts && !(asked.mode === 'identity' && asked.hostRoot))
    throw hostRootInside(`--userns ${asked.mode}`, 'leave it out; if that is what you want, say --userns identity:host-root');
  const same = (map: readonly ProcMap[]) => map.map(({ inside, size }) => ({ containerId: inside, hostId: inside, size }));
  return { ...mappingOf(same(facts.uidMap), same(facts.gidMap), 'direct'), notes: isHosts ? [HOST_ROOT_NOTE] : [] };
}

function explicitOfRoot(facts: IdFacts, { uid: uids, gid: gids }: Extract<UsernsMode, { mode: 'explicit' }>): IdMapping {
  const own = (map: readonly ProcMap[]) => map.map(({ inside, size }) => ({ start: inside, size }));
  const uid = explicitHostLines(uids, own(facts.uidMap), '--uidmap');
  const gid = explicitHostLines(gids, own(facts.gidMap), '--gidmap');
  if (isAlone({ uid, gid }, facts)) return singleMapping(facts);
  const hasRoot = isHostRoot(facts) && [uid, gid].some((lines) => lines.some(({ hostId }) => hostId === 0));
  return { ...mappingOf(uid, gid, 'direct'), form: rootMapping(facts), shifted: true, notes: hasRoot ? [HOST_ROOT_NOTE] : [] };
}

/** A `tsrun` or else a `containers` line in both files. */
export function reservedLines(facts: Pick<IdFacts, 'subuid' | 'subgid'>): Ranges | undefined {
  for (const name of ['tsrun', 'containers']) {
    const zero = [{ start: 0, size: 1 }];
    const uid = subtract(rangesOf(facts.subuid, [name]), zero);
    const gid = subtract(rangesOf(facts.subgid, [name]), zero);
    if (total(uid) >= FEWEST && total(gid) >= FEWEST) return { uid, gid };
  }
  return undefined;
}

/** In doubt he is. */
function isHostRoot({ hostRoot = true }: IdFacts): boolean {
  return hostRoot;
}

/** Root of a user namespace that has hardly more ids than its own: its 0 is an ordinary user outside. */
function nestedRootMapping(facts: IdFacts): IdMapping {
  if (isInitial(facts.uidMap) || isInitial(facts.gidMap)) {
    throw new TsrunError('ERR_TSRUN_ID_MAP', 'no ids are reserved for containers of root', {
      hint: 'add the line tsrun:1879048192:65536 to /etc/subuid and /etc/subgid',
    });
  }
  return singleMapping(
    facts,
    'this user namespace has too few ids for a range: the container has one user, root, and all files are its own',
  );
}

/** user_namespaces(7): the initial namespace maps every id to itself. */
function isInitial(map: readonly ProcMap[]): boolean {
  return map.some(({ inside, outside, size }) => inside === 0 && outside === 0 && size >= LAST_ID);
}

type RootFacts = Pick<IdFacts, 'subuid' | 'subgid' | 'uidMap' | 'gidMap'>;

/** Promised to somebody by name. */
function promised(facts: RootFacts): HostRange[] {
  return [...parseSubordinate(facts.subuid), ...parseSubordinate(facts.subgid)].map(({ range }) => range);
}

/** In the part of the id space that systemd's UIDS-GIDS leaves unused. */
function unusedBlock(facts: RootFacts, size: number, taken: readonly HostRange[]): HostRange | undefined {
  const unused = freeBlock(taken, { from: 0x70000000, to: 0x7ffdffff, size, align: 65536, offset: 0 });
  return unused && [facts.uidMap, facts.gidMap].every((map) => total(within([unused], map)) === size) ? unused : undefined;
}

/** For one container of root's alone. */
export function chooseRootSlice(facts: IdFacts, size: number, others: readonly HostRange[]): HostRange | undefined {
  const block = facts.rootBlock === undefined ? [] : [facts.rootBlock];
  return unusedBlock(facts, size, [...promised(facts), ...block, ...others]);
}

/** A free block for root's containers; in a namespace, among the ids it has. */
export function chooseRootBlock(facts: RootFacts): HostRange | undefined {
  const taken = promised(facts);
  const unused = unusedBlock(facts, ROOT_BLOCK_SIZE, taken);
  if (unused) return unused;
  const everything = [{ start: 1, size: LAST_ID }];
  const both = subtract(within(within(everything, facts.uidMap), facts.gidMap), taken);
  const largest = both.sort((a, b) => b.size - a.size)[0];
  return largest && { start: largest.start, size: Math.min(largest.size, ROOT_BLOCK_SIZE) };
}
