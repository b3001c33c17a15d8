/** Which host ids a container's ids are (design: Identity). Pure; the files are read by idmap-read.ts. */
import { TsrunError } from '../errors.js';
import { freeBlock, type HostRange, layOut, subtract, total, within } from './id-ranges.js';
import {
  digestOf,
  FEWEST,
  type IdFacts,
  type IdMapping,
  type IdRange,
  ROOT_BLOCK_SIZE,
  rangeMapping,
  singleMapping,
} from './idmap-form.js';
import { rootMapping } from './idmap-root.js';
import { parseSubordinate, rangesOf } from './subordinate.js';

export type { IdFacts, IdMapping, IdRange } from './idmap-form.js';

/** @throws ERR_TSRUN_UNSUPPORTED for user namespaces of later issues, ERR_TSRUN_USAGE for unknown ones, ERR_TSRUN_ID_MAP when keep-id has too few ids */
export function chooseIdMapping(facts: IdFacts): IdMapping {
  const userns = facts.userns ?? 'default';
  if (!['default', 'keep-id'].includes(userns)) throw refusedUserns(userns);
  if (facts.uid === 0) return userns === 'default' ? rootMapping(facts) : refuseKeepIdOfRoot();
  const ranges = callersRanges(facts);
  if (userns === 'keep-id') return keepMapping(facts, ranges);
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

/** The exact command that gives this user a block that nobody has. */
function addRange(facts: IdFacts): string {
  const taken = [...parseSubordinate(facts.subuid), ...parseSubordinate(facts.subgid)].map(({ range }) => range);
  const block = freeBlock(taken, { from: 100000, to: 600100000, size: ROOT_BLOCK_SIZE, align: 65536, offset: 100000 % 65536 });
  const start = block?.start ?? 100000;
  if (facts.userName === undefined) return `echo ${facts.uid}:${start}:${ROOT_BLOCK_SIZE} | tee -a /etc/subuid /etc/subgid`;
  const span = `${start}-${start + ROOT_BLOCK_SIZE - 1}`;
  return `usermod --add-subuids ${span} --add-subgids ${span} ${facts.userName}`;
}

/** The caller's ids are themselves; those below and above are filled from the range. */
function keepMapping(facts: IdFacts, ranges: Ranges | { note: string }): IdMapping {
  if ('note' in ranges) {
    throw new TsrunError('ERR_TSRUN_ID_MAP', 'keep-id needs subordinate ids, newuidmap and newgidmap', {
      hint: ranges.note.slice(ranges.note.indexOf('let an administrator')),
    });
  }
  const uid = around(facts.uid, ranges.uid);
  const gid = around(facts.gid, ranges.gid);
  const owners = `keep-${facts.uid}-${facts.gid}-${digestOf(uid, gid)}`;
  return { mode: 'keep-id', uid, gid, write: 'newuidmap', setgroups: 'allow', owners, keep: { uid: facts.uid, gid: facts.gid }, notes: [] };
}

function around(own: number, ranges: HostRange[]): IdRange[] {
  const have = total(ranges);
  if (have < own) {
    throw new TsrunError('ERR_TSRUN_ID_MAP', `keep-id of ${own} needs ${own} subordinate ids below it, and there are ${have}`, {
      hint: 'add subordinate ids with usermod --add-subuids and --add-subgids, or run without --userns keep-id',
    });
  }
  const below: HostRange[] = [];
  const above: HostRange[] = [];
  let left = own;
  for (const { start, size } of ranges) {
    const taken = Math.min(left, size);
    if (taken > 0) below.push({ start, size: taken });
    if (taken < size) above.push({ start: start + taken, size: size - taken });
    left -= taken;
  }
  return layOut([...below, { start: own, size: 1 }, ...above]);
}

function refusedUserns(userns: string): TsrunError {
  const hint = 'leave --userns out, or use keep-id as an ordinary user';
  return ['host', 'identity', 'nomap', 'auto'].includes(userns)
    ? new TsrunError('ERR_TSRUN_UNSUPPORTED', `--userns ${userns} is not supported yet`, { subject: userns, hint })
    : new TsrunError('ERR_TSRUN_USAGE', `unknown user namespace mode ${JSON.stringify(userns)}`, { subject: userns, hint });
}

function refuseKeepIdOfRoot(): never {
  throw new TsrunError('ERR_TSRUN_UNSUPPORTED', 'keep-id as root would put the host’s root into the container', {
    subject: 'keep-id',
    hint: 'leave --userns out, or run as an ordinary user',
  });
}
