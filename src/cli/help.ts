/** Help made from the verbs' data. */
import { GLOBAL_FLAGS, HELP_FLAG } from './flags/common.js';
import type { Flag } from './flags/flag.js';
import { usageOf, type Verb } from './verb.js';
import { wrapped } from './wrap.js';

const WIDEST = 100;

/** `tsrun VERB --help` */
export function verbHelp(verb: Verb, columns: number): string {
  const width = Math.min(columns, WIDEST);
  const flags = Object.entries(verb.flags).map(([name, flag]): Row => [spelling(name, flag), helpOf(flag)]);
  return [
    `Usage: ${usageOf(verb)}\n`,
    wrap(`${verb.summary}.`, width),
    ...(verb.description === undefined ? [] : [wrap(verb.description, width)]),
    ...section(
      'Arguments',
      verb.args.map((arg): Row => [arg.name, arg.help]),
      width,
    ),
    ...section('Options', flags, width),
    ...section('Examples', verb.examples, width),
    ...(verb.aliases === undefined ? [] : [`Also: ${verb.aliases.map((alias) => `tsrun ${alias}`).join(', ')}\n`]),
  ].join('\n');
}

/** `tsrun --help`, or the verbs of one topic (`tsrun image`). */
export function overview(verbs: readonly Verb[], columns: number, topic?: string): string {
  const width = Math.min(columns, WIDEST);
  const rows = verbs
    .flatMap((verb) =>
      [verb.name, ...(verb.aliases ?? [])].map((name): Row => [name, name === verb.name ? verb.summary : `${verb.summary} (${verb.name})`]),
    )
    .filter(([name]) => (topic === undefined ? verbs.some((verb) => verb.name === name) : name.startsWith(`${topic} `)));
  return [
    `Usage: tsrun ${topic === undefined ? '' : `${topic} `}COMMAND [options]\n`,
    ...section('Commands', rows, width),
    ...(topic === undefined ? section('Options of every command', OPTIONS, width) : []),
    `\`tsrun${topic === undefined ? '' : ` ${topic}`} COMMAND --help\` explains one.\n`,
  ].join('\n');
}

/** For every verb, before or behind it; the last one stands alone. */
const OPTIONS: readonly Row[] = [
  ...Object.entries(GLOBAL_FLAGS).map(([name, flag]): Row => [spelling(name, flag), helpOf(flag)]),
  ['    --help', HELP_FLAG.help.help],
  ['-v, --version', 'Show the version'],
];

export const WELCOME = `tsrun runs container images: no daemon, no root. Try:

  tsrun run alpine sh                              a shell in a container
  tsrun run --rm debian:12 cat /etc/os-release     one command, leaving nothing behind
  tsrun images                                     what has been pulled so far

\`tsrun --help\` lists all commands.
`;

type Row = readonly [left: string, right: string];

function spelling(name: string, flag: Flag): string {
  const value = flag.type === 'boolean' ? '' : ` ${flag.placeholder ?? 'VALUE'}`;
  return `${flag.char === undefined ? '    ' : `-${flag.char}, `}--${name}${value}`;
}

function helpOf(flag: Flag): string {
  const details = [flag.type === 'strings' ? 'may be repeated' : undefined, flag.env === undefined ? undefined : `or set ${flag.env}`];
  const text = details.filter((detail) => detail !== undefined).join('; ');
  return text === '' ? flag.help : `${flag.help} (${text})`;
}

function section(title: string, rows: readonly Row[], width: number): string[] {
  if (rows.length === 0) return [];
  const left = Math.max(...rows.map(([text]) => text.length));
  const beside = left + 5 + 24 <= width;
  const lines = rows.map(([name, text]) => {
    if (text === '') return `  ${name}\n`;
    const margin = beside ? left + 5 : 8;
    const right = wrapped(text, width - margin);
    const first = beside ? `  ${name.padEnd(left)}   ` : `  ${name}\n${' '.repeat(margin)}`;
    return `${first}${right.join(`\n${' '.repeat(margin)}`)}\n`;
  });
  return [`${title}:\n${lines.join('')}`];
}

function wrap(text: string, width: number): string {
  return `${wrapped(text, width).join('\n')}\n`;
}
