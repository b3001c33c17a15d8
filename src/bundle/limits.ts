/** `--ulimit`: docker's names and notation, against what the caller may set. Pure. */
import { TsrunError } from '../errors.js';
import { type Rlimit, UNLIMITED } from '../spec/runtime.js';

/** docker's names (go-units) are those of bash's ulimit; the kernel's in capitals with RLIMIT_ in front. */
const NAMES = 'core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack'.split(' ');

/** Of `/proc/self/limits`: what the words of its lines are called here. */
const WORDS: Readonly<Record<string, string>> = {
  'Max cpu time': 'cpu',
  'Max file size': 'fsize',
  'Max data size': 'data',
  'Max stack size': 'stack',
  'Max core file size': 'core',
  'Max resident set': 'rss',
  'Max processes': 'nproc',
  'Max open files': 'nofile',
  'Max locked memory': 'memlock',
  'Max file locks': 'locks',
  'Max pending signals': 'sigpending',
  'Max msgqueue size': 'msgqueue',
  'Max nice priority': 'nice',
  'Max realtime priority': 'rtprio',
  'Max realtime timeout': 'rttime',
};

/**
 * `nofile=10:20`, `nofile=10` for both, -1 or unlimited. `host` is podman's word for the caller's own, which are those that nobody names.
 * @param ceiling /proc/self/limits of the caller: nobody in a user namespace may go above its hard limits
 * @throws ERR_TSRUN_USAGE, ERR_TSRUN_UNSUPPORTED
 */
export function parseUlimits(texts: readonly string[], ceiling: string): Rlimit[] {
  if (texts.includes('host')) {
    if (texts.length === 1) return [];
    throw wrong('host', 'host stands alone: it leaves every limit as the caller has it', 'leave host out, or all others');
  }
  const limits = new Map(texts.map((text) => [text.replace(/=.*/s, ''), parseUlimit(text)]));
  const hard = hardLimits(ceiling);
  for (const [name, limit] of limits) checkCeiling(name, limit, hard.get(name));
  return [...limits.values()];
}

function parseUlimit(text: string): Rlimit {
  const [, name = '', soft = '', hard = soft] = /^([^=]*)=([^:]*)(?::([^:]*))?$/s.exec(text) ?? [];
  if (!NAMES.includes(name)) throw wrong(text, 'it is not NAME=SOFT[:HARD]', `the names are ${NAMES.join(', ')}`);
  const limit = { type: `RLIMIT_${name.toUpperCase()}`, soft: parseValue(soft, text), hard: parseValue(hard, text) };
  if (limit.soft > limit.hard) throw wrong(text, 'the soft limit is above the hard one', `write ${name}=SOFT:HARD, the smaller one first`);
  return limit;
}

function parseValue(text: string, given: string): number {
  if (text === '-1' || text === 'unlimited') return UNLIMITED;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw wrong(given, `${JSON.stringify(text)} is not a number`, 'write a number, or -1 for no limit');
}

function checkCeiling(name: string, { hard }: Rlimit, most = UNLIMITED): void {
  if (hard <= most) return;
  throw new TsrunError(
    'ERR_TSRUN_UNSUPPORTED',
    `--ulimit ${name}: the hard limit of tsrun's caller is ${most}, and a container cannot go above it`,
    {
      subject: name,
      hint: `ask for less, or raise it before tsrun starts: ulimit -H, /etc/security/limits.conf`,
    },
  );
}

function hardLimits(text: string): Map<string, number> {
  const limits = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [, words = '', , hard = ''] = /^(Max .*?) {2,}(\S+) +(\S+)/.exec(line) ?? [];
    const name = WORDS[words];
    if (name !== undefined) limits.set(name, hard === 'unlimited' ? UNLIMITED : Number(hard));
  }
  return limits;
}

function wrong(text: string, what: string, hint: string): TsrunError {
  return new TsrunError('ERR_TSRUN_USAGE', `--ulimit ${text}: ${what}`, { subject: text, hint });
}
