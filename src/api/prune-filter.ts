/** docker's filters of prune: `until=TIME`, `label=NAME[=VALUE]`, `label!=NAME[=VALUE]`. */
import { TsrunError } from '../errors.js';
import { parseMoment } from './moment.js';

export interface Prunable {
  /** RFC 3339; what does not say is old. */
  created?: string;
  labels?: Readonly<Record<string, string>>;
}

/** What is to go: made before every `until`, with all the labels, without any of the others. @throws ERR_TSRUN_USAGE */
export function pruneFilter(filters: readonly string[] = []): (thing: Prunable) => boolean {
  const tests = filters.map(testOf);
  return (thing) => tests.every((test) => test(thing));
}

function testOf(text: string): (thing: Prunable) => boolean {
  const [, key, not = '', value = ''] = /^(until|label)(!?)=(.+)$/s.exec(text) ?? [];
  if (key === 'label') return ({ labels = {} }) => hasLabel(labels, value) !== (not === '!');
  if (key === 'until' && not === '') {
    const until = Date.parse(parseMoment(value));
    // What is damaged, or was cut off while it was being made, has no time that could be compared.
    return ({ created = '' }) => !(Date.parse(created) >= until);
  }
  throw new TsrunError('ERR_TSRUN_USAGE', `invalid filter ${JSON.stringify(text)}`, {
    subject: text,
    hint: 'filter by until=TIME, label=NAME[=VALUE] or label!=NAME[=VALUE]',
  });
}

function hasLabel(labels: Readonly<Record<string, string>>, text: string): boolean {
  const [name = '', ...value] = text.split('=');
  return Object.hasOwn(labels, name) && (value.length === 0 || labels[name] === value.join('='));
}
