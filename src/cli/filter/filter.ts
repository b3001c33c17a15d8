/** `--filter KEY=VALUE`, as docker reads it. Pure; shared by all verbs that choose among what they list. */
import { TsrunError } from '../../errors.js';
import type { Flag } from '../flags/flag.js';

/** Key → its values, in the order they were given. */
export type Filters = ReadonlyMap<string, readonly string[]>;

/** Chooses what a filter's values name. */
export type Choice<Row> = (row: Row) => boolean;

/** One key: what its values choose, checked and looked up once. Several values choose what any of them does, unless the rule says otherwise. */
export type Rule<Row> = (values: readonly string[]) => Choice<Row>;

/** The flag of verbs that filter. */
export function filterFlag(keys: string) {
  return {
    type: 'strings',
    char: 'f',
    placeholder: 'KEY=VALUE',
    effect: 'cli',
    complete: keys.split(/, | or /).map((key) => `${key}=`),
    parse: checkFilter,
    help: `Show only what matches: ${keys}`,
  } as const satisfies Flag;
}

function checkFilter(text: string): string {
  if (text !== '' && !text.includes('=')) throw new Error('bad format of filter (expected name=value)');
  return text;
}

export function parseFilters(texts: readonly string[] = []): Filters {
  const filters = new Map<string, string[]>();
  for (const text of texts.filter((each) => each !== '')) {
    const [, key = '', value = ''] = /^([^=]*)=(.*)$/s.exec(text) ?? [];
    const name = key.trim().toLowerCase();
    filters.set(name, [...(filters.get(name) ?? []), value.trim()]);
  }
  return filters;
}

/** All keys must choose it. @throws ERR_TSRUN_USAGE for a key that has no rule, and what rules throw */
export function chooser<Row>(filters: Filters, rules: Readonly<Record<string, Rule<Row>>>): Choice<Row> {
  const choices = [...filters].map(([key, values]) => {
    if (!Object.hasOwn(rules, key)) throw badFilter(key, values[0] ?? '', `there are ${Object.keys(rules).sort().join(', ')}`);
    return (rules[key] as Rule<Row>)(values);
  });
  return (row) => choices.every((choice) => choice(row));
}

export function badFilter(key: string, value: string, hint: string): TsrunError {
  return new TsrunError('ERR_TSRUN_USAGE', `invalid filter '${key}=${value}'`, { subject: key, hint });
}

/** `key`, or `key=value`; all of them must hold, as docker has it. */
export function labelRule<Row>(labelsOf: (row: Row) => Readonly<Record<string, string>> | undefined): Rule<Row> {
  return (values) => {
    const wanted = values.map((text) => {
      const equals = text.indexOf('=');
      return equals < 0 ? { key: text } : { key: text.slice(0, equals), value: text.slice(equals + 1) };
    });
    return (row) => {
      const labels = labelsOf(row) ?? {};
      return wanted.every(({ key, value }) => Object.hasOwn(labels, key) && (value === undefined || labels[key] === value));
    };
  };
}

/** One of a closed list of words. @throws ERR_TSRUN_USAGE */
export function wordRule<Row>(key: string, words: readonly string[], wordOf: (row: Row) => string): Rule<Row> {
  return (values) => {
    for (const value of values) if (!words.includes(value)) throw badFilter(key, value, `it is one of ${words.join(', ')}`);
    return (row) => values.includes(wordOf(row));
  };
}

/** A regular expression, or the text itself (moby, api/types/filters, Match). @throws ERR_TSRUN_USAGE */
export function patternRule<Row>(key: string, textOf: (row: Row) => string): Rule<Row> {
  return (values) => {
    const patterns = values.map((value) => {
      try {
        return { value, expression: new RegExp(value) };
      } catch {
        return { value, expression: undefined };
      }
    });
    const broken = patterns.find(({ expression }) => expression === undefined);
    if (broken) throw badFilter(key, broken.value, 'it is read as a regular expression');
    return (row) => patterns.some(({ value, expression }) => textOf(row) === value || expression?.test(textOf(row)) === true);
  };
}
