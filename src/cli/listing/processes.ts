/** `top`: the columns of ps(1) that tsrun has, and which of them its words ask for. Pure. */
import { type ContainerProcess, TsrunError } from '../../index.js';
import { visible } from '../visible.js';
import { alignColumns } from './tabwriter.js';

interface Column {
  readonly head: string;
  text(process: ContainerProcess, now: number): string;
}

type Columns = Readonly<Record<string, Column>>;

const column = (head: string, text: Column['text']): Column => ({ head, text });
const COMMAND = column('COMMAND', (process) => commandLine(process));
const NAME = column('COMMAND', ({ name, state }) => (state.startsWith('Z') ? `${name} <defunct>` : name));
const TIME = column('TIME', ({ cpuTime }) => clock(cpuTime));
const PERCENT = column('%CPU', ({ cpuPercent }) => cpuPercent.toFixed(1));
const TTY = column('TTY', ({ tty }) => tty ?? '?');
const STARTED = column('STIME', ({ started }, now) => startTime(started, now));

/** The same whoever asks. */
const COMMON: Columns = {
  args: COMMAND,
  cmd: { ...COMMAND, head: 'CMD' },
  command: COMMAND,
  comm: NAME,
  ucmd: { ...NAME, head: 'CMD' },
  c: column('C', ({ cpuPercent }) => String(Math.min(Math.floor(cpuPercent), 99))),
  etime: column('ELAPSED', ({ elapsed }) => elapsedTime(elapsed)),
  etimes: column('ELAPSED', ({ elapsed }) => String(elapsed)),
  hgroup: column('HGROUP', ({ group }) => group),
  hpid: column('HPID', ({ pid }) => String(pid)),
  huser: column('HUSER', ({ user }) => user),
  nice: column('NI', ({ nice }) => String(nice)),
  ni: column('NI', ({ nice }) => String(nice)),
  nlwp: column('NLWP', ({ threads }) => String(threads)),
  pcpu: PERCENT,
  '%cpu': PERCENT,
  pmem: column('%MEM', ({ memoryPercent }) => memoryPercent.toFixed(1)),
  '%mem': column('%MEM', ({ memoryPercent }) => memoryPercent.toFixed(1)),
  rss: column('RSS', ({ rss }) => kilobytes(rss)),
  s: column('S', ({ state }) => state.slice(0, 1)),
  state: column('STATE', ({ state }) => state.slice(0, 1)),
  stat: column('STAT', ({ state }) => state),
  start: { ...STARTED, head: 'START' },
  stime: STARTED,
  time: TIME,
  tty: TTY,
  tt: { ...TTY, head: 'TT' },
  vsz: column('VSZ', ({ vsz }) => kilobytes(vsz)),
};

/** ps's: as the host counts. */
const OF_HOST: Columns = {
  ...COMMON,
  gid: column('GID', ({ gid }) => String(gid)),
  group: column('GROUP', ({ group }) => group),
  pgid: column('PGID', ({ processGroup }) => String(processGroup)),
  pid: column('PID', ({ pid }) => String(pid)),
  ppid: column('PPID', ({ ppid }) => String(ppid)),
  sid: column('SID', ({ session }) => String(session)),
  uid: column('UID', ({ uid }) => String(uid)),
  user: column('USER', ({ user }) => user),
};

/** podman's: as the container counts. */
const OF_CONTAINER: Columns = {
  ...COMMON,
  gid: column('GID', ({ inside }) => String(inside.gid)),
  group: column('GROUP', ({ inside }) => inside.group),
  pid: column('PID', ({ inside }) => String(inside.pid)),
  ppid: column('PPID', ({ inside }) => String(inside.ppid)),
  uid: column('UID', ({ inside }) => String(inside.uid)),
  user: column('USER', ({ inside }) => inside.user),
};

/** `ps -ef`, whose UID is a name, and `ps aux`. */
const FULL: readonly Column[] = [
  { ...(OF_HOST['user'] as Column), head: 'UID' },
  ...pick(OF_HOST, ['pid', 'ppid', 'c', 'stime', 'tty', 'time', 'cmd']),
];
const LOADED: readonly Column[] = pick(OF_HOST, ['user', 'pid', '%cpu', '%mem', 'vsz', 'rss', 'tty', 'stat', 'start', 'time', 'command']);

/** @param words what stands behind the container @throws ERR_TSRUN_USAGE naming all that there is */
export function columnsFor(words: readonly string[]): readonly Column[] {
  const first = words[0] ?? '-ef';
  if (/^-?(?=[efA]*f)[efA]+$/.test(first) && words.length <= 1) return FULL;
  if (/^-?a?u?x?$/.test(first) && first.includes('u') && words.length === 1) return LOADED;
  if (first.startsWith('-') || words.some((word) => word.startsWith('-'))) return pick(OF_HOST, listed(words));
  return pick(OF_CONTAINER, namesIn(words));
}

/** `-o pid,comm -o args`, `-eopid`, `-e -o pid`. */
function listed(words: readonly string[]): string[] {
  const names: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as string;
    const [, list] = /^-[eA]*o(.*)$/s.exec(word) ?? [];
    if (/^-[eA]+$/.test(word)) continue;
    if (list === undefined) throw unknown(word);
    const value = list === '' ? words[++at] : list;
    if (value === undefined) throw unknown(word);
    names.push(...namesIn([value]));
  }
  if (names.length === 0) throw unknown(words.join(' '));
  return names;
}

function namesIn(words: readonly string[]): string[] {
  return words.flatMap((word) => word.split(/[\s,]+/)).filter((name) => name !== '');
}

function pick(columns: Columns, names: readonly string[]): Column[] {
  return names.map((name) => {
    if (!Object.hasOwn(columns, name)) throw unknown(name, columns);
    return columns[name] as Column;
  });
}

function unknown(word: string, columns = OF_HOST): TsrunError {
  return new TsrunError('ERR_TSRUN_USAGE', `top knows no ${JSON.stringify(word)}`, {
    subject: word,
    hint: `use -ef, aux, or these columns, with -o or without: ${Object.keys(columns).sort().join(', ')}`,
  });
}

/** docker's table. What processes call themselves stays on its line. */
export function processTable(columns: readonly Column[], processes: readonly ContainerProcess[], now = Date.now()): string {
  const lines = [
    columns.map(({ head }) => head),
    ...processes.map((process) => columns.map(({ text }) => visible(text(process, now)))),
  ].map((cells) => `${cells.join('\t')}\n`);
  return alignColumns(lines.join(''), 20);
}

/** Without a command line, as a zombie has none, the name stands in brackets. */
function commandLine({ args, name, state }: ContainerProcess): string {
  const line = args.join(' ');
  return line === '' ? `[${name}]${state.startsWith('Z') ? ' <defunct>' : ''}` : line;
}

function kilobytes(bytes: number): string {
  return String(Math.floor(bytes / 1024));
}

function two(number: number): string {
  return String(Math.floor(number)).padStart(2, '0');
}

/** `[DD-]HH:MM:SS` */
function clock(seconds: number): string {
  const days = Math.floor(seconds / 86400);
  return `${days > 0 ? `${two(days)}-` : ''}${two((seconds / 3600) % 24)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}`;
}

/** `[[DD-]HH:]MM:SS` */
function elapsedTime(seconds: number): string {
  const text = clock(seconds);
  return seconds < 3600 ? text.slice(3) : text;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** ps's: the time of a day that is today, the day of this year, else the year. */
function startTime(started: string, now: number): string {
  const [then, today] = [new Date(started), new Date(now)];
  if (then.getFullYear() !== today.getFullYear()) return String(then.getFullYear());
  if (then.toDateString() !== today.toDateString()) return `${MONTHS[then.getMonth()]}${two(then.getDate())}`;
  return `${two(then.getHours())}:${two(then.getMinutes())}`;
}
