/** `-u` and the image's USER against the image's own /etc/passwd and /etc/group. Pure. */
import { TsrunError } from '../errors.js';
import { LAST_ID } from '../security/subordinate.js';

export interface ResolvedUser {
  uid: number;
  gid: number;
  /** Starts with gid itself, else a file that refuses its group could be opened by leaving the group (CVE-2022-36109). */
  additionalGids: number[];
  home: string;
}

interface PasswdEntry {
  name: string;
  uid: number;
  gid: number;
  home: string;
}

interface GroupEntry {
  name: string;
  gid: number;
  members: string[];
}

/**
 * `name|uid[:group|gid]`; '' is root. All digits are an id and never a name (CVE-2016-3697). A group that is named is the only one; else the
 * groups that list the user belong to it. A uid that passwd does not have gets group 0 and the home `/`.
 * @throws ERR_TSRUN_USER_NOT_FOUND when a name is unknown, ERR_TSRUN_USAGE when it is no user at all
 */
export function resolveUser(text: string, passwd: string, group: string): ResolvedUser {
  const [who = '', which = '', ...rest] = text.split(':');
  if (rest.length > 0 || hasControl(text)) {
    throw new TsrunError('ERR_TSRUN_USAGE', `${JSON.stringify(text)} is not a user`, {
      subject: text,
      hint: 'write user, uid, user:group or uid:gid',
    });
  }
  const entry = findUser(who === '' ? '0' : who, passwd);
  const groups = parseGroup(group);
  const gid = which === '' ? entry.gid : findGroup(which, groups);
  const listed =
    which === '' ? groups.filter(({ members }) => entry.name !== '' && members.includes(entry.name)).map((found) => found.gid) : [];
  return { uid: entry.uid, gid, additionalGids: [...new Set([gid, ...listed])], home: entry.home };
}

/** podman's word for the groups of who starts it. */
export const KEEP_GROUPS = 'keep-groups';

/** @throws ERR_TSRUN_USAGE */
export function checkGroups(texts: readonly string[]): void {
  if (texts.includes(KEEP_GROUPS) && texts.length > 1)
    throw new TsrunError('ERR_TSRUN_USAGE', `--group-add ${KEEP_GROUPS} and other groups exclude each other`, {
      subject: KEEP_GROUPS,
      hint: 'the kernel keeps all groups of the caller or takes a new list: leave out one or the other',
    });
}

/** `--group-add`: names of the image's, or numbers. @throws ERR_TSRUN_USER_NOT_FOUND */
export function resolveGroups(texts: readonly string[], group: string): number[] {
  const groups = parseGroup(group);
  return [...new Set(texts.filter((text) => text !== KEEP_GROUPS).map((text) => findGroup(text, groups)))];
}

function findUser(who: string, passwd: string): PasswdEntry {
  const entries = parsePasswd(passwd);
  const uid = asId(who, 'user');
  const found = uid === undefined ? entries.find(({ name }) => name === who) : entries.find((entry) => entry.uid === uid);
  if (found) return found;
  if (uid !== undefined) return { name: '', uid, gid: 0, home: uid === 0 ? '/root' : '/' };
  if (who === 'root') return { name: 'root', uid: 0, gid: 0, home: '/root' }; // also in an image without passwd
  throw new TsrunError('ERR_TSRUN_USER_NOT_FOUND', `no user ${JSON.stringify(who)} in the image's /etc/passwd`, {
    subject: who,
    hint: 'give a user that the image has, or a number',
  });
}

function findGroup(which: string, groups: GroupEntry[]): number {
  const gid = asId(which, 'group') ?? groups.find(({ name }) => name === which)?.gid;
  if (gid !== undefined) return gid;
  throw new TsrunError('ERR_TSRUN_USER_NOT_FOUND', `no group ${JSON.stringify(which)} in the image's /etc/group`, {
    subject: which,
    hint: 'give a group that the image has, or a number',
  });
}

function asId(text: string, what: string): number | undefined {
  if (!/^\d+$/.test(text)) return undefined;
  const id = Number(text);
  if (id <= LAST_ID) return id;
  throw new TsrunError('ERR_TSRUN_USAGE', `${text} is too large for a ${what} id`, {
    subject: text,
    hint: `give a number up to ${LAST_ID}`,
  });
}

/** passwd(5); lines that are not entries are passed over. */
function parsePasswd(text: string): PasswdEntry[] {
  return lines(text, 7).flatMap(([name = '', , uid = '', gid = '', , home = '']) =>
    isId(uid) && isId(gid) ? [{ name, uid: Number(uid), gid: Number(gid), home: home.startsWith('/') ? home : '/' }] : [],
  );
}

/** group(5) */
function parseGroup(text: string): GroupEntry[] {
  return lines(text, 4).flatMap(([name = '', , gid = '', members = '']) =>
    isId(gid) ? [{ name, gid: Number(gid), members: members.split(',').map((member) => member.trim()) }] : [],
  );
}

function lines(text: string, fields: number): string[][] {
  return text
    .split('\n')
    .filter((line) => !line.startsWith('#') && !hasControl(line))
    .map((line) => line.split(':'))
    .filter((parts) => parts.length >= fields - 1 && parts[0] !== '');
}

function isId(text: string): boolean {
  return /^\d{1,10}$/.test(text) && Number(text) <= LAST_ID;
}

/** Such a line could smuggle a slot or a second line into a file that is written later. */
function hasControl(text: string): boolean {
  return [...text].some((character) => character < ' ' || character === '\x7f');
}
