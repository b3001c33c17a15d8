/** Root's mapping: a range reserved for containers, never host id 0. Pure. */
import { TsrunError } from '../errors.js';
import { freeBlock, type HostRange, overlaps, subtract, total, within } from './id-ranges.js';
import { FEWEST, type IdFacts, type IdMapping, ROOT_BLOCK_SIZE, rangeMapping, singleMapping } from './idmap-form.js';
import { type ProcMap, parseSubordinate, rangesOf } from './subordinate.js';

/** Ids are 32 bits and the last means "none". */
const LAST_ID = 0xfffffffe;

interface Ranges {
  uid: HostRange[];
  gid: HostRange[];
}

/** Root's containers get ids of their own: with host id 0 inside, root in the container could write the host's /proc/sys. */
export function rootMapping(facts: IdFacts): IdMapping {
  const reserved = reservedLines(facts);
  const block = facts.rootBlock === undefined ? undefined : [facts.rootBlock];
  const uid = within(reserved?.uid ?? block ?? [], facts.uidMap);
  const gid = within(reserved?.gid ?? block ?? [], facts.gidMap);
  if (total(uid) < FEWEST || total(gid) < FEWEST) return nestedRootMapping(facts);
  return rangeMapping(atMost(uid, ROOT_BLOCK_SIZE), atMost(gid, ROOT_BLOCK_SIZE), 'direct');
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

/** A free block for root's containers, in the part of the id space that systemd's UIDS-GIDS leaves unused; in a namespace, among the ids it has. */
export function chooseRootBlock(facts: Pick<IdFacts, 'subuid' | 'subgid' | 'uidMap' | 'gidMap'>): HostRange | undefined {
  const taken = [...parseSubordinate(facts.subuid), ...parseSubordinate(facts.subgid)].map(({ range }) => range);
  const unused = freeBlock(taken, { from: 0x70000000, to: 0x7ffdffff, size: ROOT_BLOCK_SIZE, align: 65536, offset: 0 });
  if (unused && [facts.uidMap, facts.gidMap].every((map) => total(within([unused], map)) === unused.size)) return unused;
  const everything = [{ start: 1, size: LAST_ID }];
  const both = within(within(everything, facts.uidMap), facts.gidMap).filter((range) => !overlaps(range, taken));
  const largest = both.sort((a, b) => b.size - a.size)[0];
  return largest && { start: largest.start, size: Math.min(largest.size, ROOT_BLOCK_SIZE) };
}

function atMost(ranges: HostRange[], size: number): HostRange[] {
  let left = size;
  return ranges.flatMap((range) => {
    const taken = Math.min(left, range.size);
    left -= taken;
    return taken > 0 ? [{ start: range.start, size: taken }] : [];
  });
}
