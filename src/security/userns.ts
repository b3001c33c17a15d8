/** `--userns`, `--uidmap` and `--gidmap`: which ids a container is to have. Pure. */
import { TsrunError } from '../errors.js';
import { LAST_ID } from './subordinate.js';

export type UsernsMode =
  | { mode: 'default' | 'host' | 'nomap' }
  /** The caller's ids are these inside, his own unless given. `fast`: on the layers as the default map has them. */
  | { mode: 'keep-id'; uid?: number; gid?: number; fast: boolean }
  /** Every id is the same inside and outside. `hostRoot`: id 0 of the host too, in so many words. */
  | { mode: 'identity'; hostRoot: boolean }
  /** Ids that no other container has. */
  | { mode: 'auto'; size?: number }
  | { mode: 'explicit'; uid: MapWord[]; gid: MapWord[] };

/** `CONTAINER:FROM:SIZE`. An ordinary user's FROM counts his own ids: 0 is he himself, 1 the first of his subordinate ones. */
export interface MapWord {
  containerId: number;
  from: number;
  size: number;
  /** FROM is an id of the host: `@`. */
  host: boolean;
}

export interface UsernsWords {
  userns?: string | undefined;
  uidmap?: readonly string[] | undefined;
  gidmap?: readonly string[] | undefined;
}

/** The kernel's limit since 4.15 (user_namespaces(7)). */
const MOST_LINES = 340;

const USERNS_WORDS = ['default', 'keep-id', 'keep-id:fast', 'identity', 'nomap', 'auto', 'host'] as const;

/** @throws ERR_TSRUN_USAGE */
export function parseUserns({ userns = '', uidmap = [], gidmap = [] }: UsernsWords): UsernsMode {
  if (uidmap.length + gidmap.length === 0) return modeOf(userns);
  if (userns !== '') throw usage('--userns', userns, 'leave out --userns, or --uidmap and --gidmap: each says the whole map');
  const [uid, gid] = [uidmap, gidmap].map((words, index) => words.map((word) => mapWord(word, index === 0 ? '--uidmap' : '--gidmap')));
  // As podman: what is given for one counts for both.
  return { mode: 'explicit', uid: checkWords(uid?.length ? uid : gid), gid: checkWords(gid?.length ? gid : uid) };
}

function modeOf(text: string): UsernsMode {
  const [, word = '', rest = ''] = /^([^:]*)(:.*)?$/s.exec(text) ?? [];
  const options = rest === '' ? [] : rest.slice(1).split(',');
  switch (word) {
    case '':
    case 'default':
    case 'host':
    case 'nomap':
      if (options.length > 0) throw unknown(text);
      return { mode: word === '' ? 'default' : word };
    case 'keep-id':
      return keepId(text, options);
    case 'identity':
      if (options.some((option) => option !== 'host-root')) throw unknown(text);
      return { mode: 'identity', hostRoot: options.length > 0 };
    case 'auto': {
      const size = numberBehind(options, 'size', text);
      return size === undefined ? { mode: 'auto' } : { mode: 'auto', size };
    }
    default:
      throw unknown(text);
  }
}

function keepId(text: string, options: readonly string[]): UsernsMode {
  const fast = options.includes('fast');
  const given = options.filter((option) => option !== 'fast');
  if (given.some((option) => !/^(uid|gid)=/.test(option))) throw unknown(text);
  const uid = numberBehind(
    given.filter((option) => option.startsWith('uid=')),
    'uid',
    text,
  );
  const gid = numberBehind(
    given.filter((option) => option.startsWith('gid=')),
    'gid',
    text,
  );
  return { mode: 'keep-id', fast, ...(uid === undefined ? {} : { uid }), ...(gid === undefined ? {} : { gid }) };
}

function numberBehind(options: readonly string[], name: string, text: string): number | undefined {
  if (options.length === 0) return undefined;
  const found = options.length === 1 ? new RegExp(`^${name}=(\\d{1,10})$`).exec(options[0] ?? '') : null;
  const number = Number(found?.[1] ?? -1);
  if (number < (name === 'size' ? 1 : 0) || number > LAST_ID) throw unknown(text);
  return number;
}

function mapWord(text: string, flag: string): MapWord {
  const match = /^(\d{1,10}):(@?)(\d{1,10})(?::(\d{1,10}))?$/.exec(text);
  if (!match) throw usage(flag, text, 'write CONTAINER:FROM:SIZE, three numbers; @ before FROM says that it is an id of the host');
  const [containerId, from, size] = [match[1], match[3], match[4] ?? '1'].map(Number) as [number, number, number];
  if (size < 1 || containerId + size - 1 > LAST_ID || from + size - 1 > LAST_ID)
    throw usage(flag, text, `ids go from 0 to ${LAST_ID}, and SIZE counts from 1`);
  return { containerId, from, size, host: match[2] === '@' };
}

/** The kernel refuses a map that says two things of an id, and one that is too long; it does not say which it was. */
function checkWords(words: readonly MapWord[] = []): MapWord[] {
  const sorted = [...words].sort((a, b) => a.containerId - b.containerId);
  for (const [index, word] of sorted.entries()) {
    const before = sorted[index - 1];
    if (before && before.containerId + before.size > word.containerId)
      throw usage('--uidmap, --gidmap', String(word.containerId), 'this id of the container is given twice: name each once');
  }
  if (sorted.length > MOST_LINES) throw usage('--uidmap, --gidmap', String(sorted.length), `a map has ${MOST_LINES} lines at most`);
  return sorted;
}

function unknown(text: string): TsrunError {
  const hint = `use ${USERNS_WORDS.join(', ')}; keep-id takes uid=, gid= and fast behind a colon, auto size=`;
  return new TsrunError('ERR_TSRUN_USAGE', `unknown user namespace mode ${JSON.stringify(text)}`, { subject: text, hint });
}

function usage(flag: string, text: string, hint: string): TsrunError {
  return new TsrunError('ERR_TSRUN_USAGE', `${flag} ${JSON.stringify(text)} cannot be used`, { subject: text, hint });
}
