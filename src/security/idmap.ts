/** Which host ids a container's ids are (design: Identity). Pure; the files are read by idmap-read.ts. */
import { TsrunError } from '../errors.js';
import { asLinesOf, exchanged, freeBlock, type HostRange, layOut, slice, subtract, total, within } from './id-ranges.js';
import { explicitLines } from './idmap-explicit.js';
import {
  digestOf,
  FEWEST,
  type IdFacts,
  type IdMapping,
  type IdRange,
  type Ids,
  isAlone,
  mappingOf,
  mapsHostId,
  ROOT_BLOCK_SIZE,
  rangeMapping,
  type Slice,
  singleMapping,
} from './idmap-form.js';
import { chooseRootSlice, rootModeMapping } from './idmap-root.js';
import { parseSubordinate, rangesOf } from './subordinate.js';
import type { UsernsMode } from './userns.js';

export type { IdFacts, IdMapping, IdRange } from './idmap-form.js';

const DEFAULT: UsernsMode = { mode: 'default' };

/** @throws ERR_TSRUN_ID_MAP when there are too few ids for it, ERR_TSRUN_UNSUPPORTED and ERR_TSRUN_USAGE when it cannot be for this caller */
export function chooseIdMapping(facts: IdFacts, asked: UsernsMode = DEFAULT): IdMapping {
  const ids = facts.uid === 0 ? rootModeMapping(facts, asked) : stewardedMapping(facts, asked);
  return asKernelWants(ids, facts);
}

function asKernelWants(ids: IdMapping, facts: IdFacts): IdMapping {
  const { form, steward } = ids;
  return {
    ...ids,
    uid: asLinesOf(ids.uid, facts.uidMap),
    gid: asLinesOf(ids.gid, facts.gidMap),
    ...(form ? { form: asKernelWants(form, facts) } : {}),
    ...(steward ? { steward: asKernelWants(steward, facts) } : {}),
  };
}

function stewardedMapping(facts: IdFacts, asked: UsernsMode): IdMapping {
  const ranges = callersRanges(facts);
  const ids = userMapping(facts, ranges, asked);
  const isThere = mapsHostId(ids.uid, facts.uid) && mapsHostId(ids.gid, facts.gid);
  return isThere ? ids : { ...ids, steward: defaultMapping(facts, ranges) };
}

function userMapping(facts: IdFacts, ranges: Ranges | { note: string }, asked: UsernsMode): IdMapping {
  switch (asked.mode) {
    case 'default':
      return defaultMapping(facts, ranges);
    case 'host':
      return withNote(defaultMapping(facts, ranges), HOST_NOTE);
    case 'keep-id': {
      const inside = { uid: asked.uid ?? facts.uid, gid: asked.gid ?? facts.gid };
      return asked.fast ? fastMapping(facts, defaultMapping(facts, ranges), inside) : keepMapping(facts, ranges, inside);
    }
    case 'identity':
      return identityMapping(facts, ranges);
    case 'nomap': {
      const { uid, gid } = needed(ranges, 'nomap');
      return rangeMapping(uid, gid, 'newuidmap');
    }
    case 'auto':
      return sliceMapping(facts, needed(ranges, 'auto'));
    case 'explicit':
      return explicitMapping(facts, ranges, asked);
  }
}

const HOST_NOTE =
  "--userns host: an ordinary user's containers have a user namespace in any case, so this is the default map: root inside is the caller outside";

function withNote(ids: IdMapping, note: string): IdMapping {
  return { ...ids, notes: [...ids.notes, note] };
}

function defaultMapping(facts: IdFacts, ranges: Ranges | { note: string }): IdMapping {
  if ('note' in ranges) return singleMapping(facts, ranges.note);
  return rangeMapping([{ start: facts.uid, size: 1 }, ...ranges.uid], [{ start: facts.gid, size: 1 }, ...ranges.gid], 'newuidmap');
}

interface Ranges {
  uid: HostRange[];
  gid: HostRange[];
}

/** The caller's subordinate ids that may be handed on, or why there are none. */
function callersRanges(facts: IdFacts): Ranges | { note: string } {
  const names = [String(facts.uid), ...(facts.userName === undefined ? [] : [facts.userName])];
  const granted = (text: string, own: number) =>
    subtract(
      rangesOf(text, names),
      [0, own].map((start) => ({ start, size: 1 })),
    );
  const lines = { uid: granted(facts.subuid, facts.uid), gid: granted(facts.subgid, facts.gid) };
  const ranges = { uid: within(lines.uid, facts.uidMap), gid: within(lines.gid, facts.gidMap) };
  const tools = facts.newuidmapPath !== undefined && facts.newgidmapPath !== undefined;
  if (areEnough(ranges)) return tools ? ranges : { note: singleNote('newuidmap and newgidmap are missing', [INSTALL]) };
  if (areEnough(lines)) return { note: singleNote('this user namespace lacks the subordinate ids of its users', [OUTER]) };
  const cures = [...(tools ? [] : [INSTALL]), `run: ${addRange(facts)}`];
  return { note: singleNote(`${facts.userName ?? `uid ${facts.uid}`} has no subordinate ids`, cures) };
}

function areEnough({ uid, gid }: Ranges): boolean {
  return total(uid) >= FEWEST && total(gid) >= FEWEST;
}

const INSTALL = 'install the package uidmap (Debian, Ubuntu) or shadow-subids (Alpine)';
const OUTER = 'start the outer container with more ids';

function singleNote(reason: string, cures: string[]): string {
  return `${reason}: the container has one user, root, and all files are its own. To have all ids, let an administrator ${cures.join(' and ')}`;
}

/** Begins a block of subordinate ids that nobody has. */
export function freeSubordinate(facts: Pick<IdFacts, 'subuid' | 'subgid'>): number {
  const taken = [...parseSubordinate(facts.subuid), ...parseSubordinate(facts.subgid)].map(({ range }) => range);
  const block = freeBlock(taken, { from: 100000, to: 600100000, size: ROOT_BLOCK_SIZE, align: 65536, offset: 100000 % 65536 });
  return block?.start ?? 100000;
}

/** The exact command that gives this user such a block. */
function addRange(facts: IdFacts): string {
  const start = freeSubordinate(facts);
  if (facts.userName === undefined) return `echo ${facts.uid}:${start}:${ROOT_BLOCK_SIZE} | tee -a /etc/subuid /etc/subgid`;
  const span = `${start}-${start + ROOT_BLOCK_SIZE - 1}`;
  return `usermod --add-subuids ${span} --add-subgids ${span} ${facts.userName}`;
}

function needed(ranges: Ranges | { note: string }, what: string): Ranges {
  if (!('note' in ranges)) return ranges;
  throw new TsrunError('ERR_TSRUN_ID_MAP', `${what} needs subordinate ids, newuidmap and newgidmap`, {
    subject: what,
    hint: ranges.note.slice(ranges.note.indexOf('let an administrator')),
  });
}

/** The caller's ids are `inside`; those below and above are filled from the range. */
function keepMapping(facts: IdFacts, ranges: Ranges | { note: string }, inside: Ids): IdMapping {
  if ('note' in ranges) throw keepNeedsIds(ranges.note);
  const uid = around(facts.uid, inside.uid, ranges.uid, 'uid');
  const gid = around(facts.gid, inside.gid, ranges.gid, 'gid');
  const owners = `keep-${inside.uid}-${inside.gid}-${digestOf(uid, gid)}`;
  return { ...mappingOf(uid, gid, 'newuidmap'), mode: 'keep-id', owners, keep: inside };
}

function keepNeedsIds(note: string): TsrunError {
  return new TsrunError('ERR_TSRUN_ID_MAP', 'keep-id needs subordinate ids, newuidmap and newgidmap', {
    subject: 'keep-id',
    hint: `${note.slice(note.indexOf('let an administrator'))}; or use keep-id:fast: the container has one user then, you`,
  });
}

/**
 * On the layers as the default map has them: what belongs to the image's root is the caller's there, and is shown as his. So he and root
 * change places; all others are who they are.
 */
function fastMapping(facts: IdFacts, form: IdMapping, inside: Ids): IdMapping {
  if (form.mode === 'single') return { ...singleMapping(facts, form.notes[0], inside), form: { ...form, notes: [] }, keep: inside };
  const uid = exchanged(reaching(form.uid, inside.uid, 'uid'), 0, inside.uid);
  const gid = exchanged(reaching(form.gid, inside.gid, 'gid'), 0, inside.gid);
  return { ...mappingOf(uid, gid, 'newuidmap'), form, keep: inside };
}

function reaching(lines: IdRange[], id: number, what: string): IdRange[] {
  if (lines.some(({ containerId, size }) => id >= containerId && id < containerId + size)) return lines;
  throw tooFew(id, lines.reduce((sum, { size }) => sum + size, 0) - 1, what);
}

/** Whoever he is outside he is inside. Nobody is root there, and root's files of the image are his. */
function identityMapping(facts: IdFacts, ranges: Ranges | { note: string }): IdMapping {
  const inside = { uid: facts.uid, gid: facts.gid };
  const form = defaultMapping(facts, ranges);
  if ('note' in ranges) return { ...singleMapping(facts, ranges.note, inside), form: { ...form, notes: [] }, keep: inside };
  const same = (own: number, all: readonly HostRange[]) =>
    [{ start: own, size: 1 }, ...all]
      .map(({ start, size }) => ({ containerId: start, hostId: start, size }))
      .sort((a, b) => a.containerId - b.containerId);
  return { ...mappingOf(same(facts.uid, ranges.uid), same(facts.gid, ranges.gid), 'newuidmap'), form, keep: inside };
}

/** Enough for the users of most images, so that an ordinary range is enough for many containers. */
const SLICE_SIZE = 1024;

/** Ids that no other container of `auto` has. @param taken by those */
export function chooseSlice(facts: IdFacts, asked: number | undefined, taken: readonly Slice[]): Slice {
  const size = asked ?? (facts.uid === 0 ? ROOT_BLOCK_SIZE : SLICE_SIZE);
  const own = facts.uid === 0 ? undefined : needed(callersRanges(facts), 'auto');
  const of = own === undefined ? 'host' : digestOf(layOut(own.uid), layOut(own.gid));
  // The same numbers were other ids then, and may be these.
  if (taken.some((other) => other.of !== of))
    throw new TsrunError('ERR_TSRUN_ID_MAP', '--userns auto: your subordinate ids have changed since containers were made with it', {
      subject: 'auto',
      hint: 'remove those containers first: which ids they have cannot be told any more',
    });
  const found = own === undefined ? chooseRootSlice(facts, size, taken) : chooseOwnSlice(own, size, taken);
  if (found) return { ...found, of };
  throw new TsrunError('ERR_TSRUN_ID_MAP', `--userns auto: there are no ${size} ids left that no other container has`, {
    subject: String(size),
    hint: 'ask for fewer with --userns auto:size=N, or remove containers that were made with it',
  });
}

function chooseOwnSlice({ uid, gid }: Ranges, size: number, taken: readonly HostRange[]): HostRange | undefined {
  const most = Math.min(total(uid), total(gid));
  return freeBlock(taken, { from: 0, to: most - 1, size, align: 1, offset: 0 });
}

/** The part of his subordinate ids that was set aside. */
function sliceMapping({ slice: part }: IdFacts, { uid, gid }: Ranges): IdMapping {
  if (part === undefined) throw new TypeError('auto needs a slice of ids that is set aside');
  return { ...rangeMapping(slice(uid, part.start, part.size), slice(gid, part.start, part.size), 'newuidmap'), slice: part };
}

function explicitMapping(facts: IdFacts, ranges: Ranges | { note: string }, words: Extract<UsernsMode, { mode: 'explicit' }>): IdMapping {
  const { uid: uids, gid: gids } = 'note' in ranges ? { uid: [], gid: [] } : ranges;
  const uid = explicitLines(words.uid, [{ start: facts.uid, size: 1 }, ...uids], '--uidmap');
  const gid = explicitLines(words.gid, [{ start: facts.gid, size: 1 }, ...gids], '--gidmap');
  if (isAlone({ uid, gid }, facts)) return singleMapping(facts);
  // newgidmap(1) denies setgroups then, and who put the container together could not leave the caller's groups.
  if (gid.every(({ hostId, size }) => hostId === facts.gid && size === 1))
    throw new TsrunError('ERR_TSRUN_ID_MAP', '--gidmap: with no group but your own nobody can leave your supplementary groups', {
      subject: '--gidmap',
      hint: 'give the container one of your subordinate gids, too: --gidmap 1:1:1',
    });
  return mappingOf(uid, gid, 'newuidmap');
}

function tooFew(id: number, have: number, what: string): TsrunError {
  return new TsrunError('ERR_TSRUN_ID_MAP', `keep-id of ${what} ${id} needs ${id} subordinate ids below it, and there are ${have}`, {
    subject: String(id),
    hint: 'add subordinate ids with usermod --add-subuids and --add-subgids, or run without --userns keep-id',
  });
}

function around(own: number, inside: number, ranges: HostRange[], what: string): IdRange[] {
  const have = total(ranges);
  if (have < inside) throw tooFew(inside, have, what);
  const below: HostRange[] = [];
  const above: HostRange[] = [];
  let left = inside;
  for (const { start, size } of ranges) {
    const taken = Math.min(left, size);
    if (taken > 0) below.push({ start, size: taken });
    if (taken < size) above.push({ start: start + taken, size: size - taken });
    left -= taken;
  }
  return layOut([...below, { start: own, size: 1 }, ...above]);
}
