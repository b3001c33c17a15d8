/** docker's filters on events (moby, daemon/events/filter.go). Pure. */
import type { StoreEvent } from '../../index.js';
import { type Choice, chooser, type Filters, labelRule, type Rule, wordRule } from './filter.js';

export const EVENT_FILTERS = 'container, event, image, label, type or volume';

/** docker knows more of them; of these tsrun never has one. */
const TYPES = ['container', 'image', 'volume', 'network', 'plugin', 'daemon', 'service', 'node', 'secret', 'config', 'builder'];

/** @throws ERR_TSRUN_USAGE */
export function eventFilter(filters: Filters): Choice<StoreEvent> {
  return chooser<StoreEvent>(filters, {
    container: ownerRule('container'),
    event: actionRule,
    image: imageRule,
    label: labelRule(({ attributes }) => attributes),
    type: wordRule('type', TYPES, ({ type }) => type),
    volume: ownerRule('volume'),
  });
}

/** Its name or id, or the beginning of either. */
function ownerRule(type: StoreEvent['type']): Rule<StoreEvent> {
  return (values) => (event) =>
    event.type === type && [event.id, event.attributes['name'] ?? ''].some((text) => values.some((value) => text.startsWith(value)));
}

/** Those of exec and of health checks say more behind a colon, and may be asked for without it. */
const LONG = ['exec_create', 'exec_start', 'health_status'];

const actionRule: Rule<StoreEvent> = (values) => {
  const fuzzy = values.some((value) => LONG.includes(value));
  return ({ action }) => values.some((value) => action === value || (fuzzy && action.startsWith(value)));
};

/** With its tag or without. */
const imageRule: Rule<StoreEvent> =
  (values) =>
  ({ type, id, attributes }) => {
    const name = attributes[type === 'image' ? 'name' : 'image'] ?? '';
    return [id, name, withoutTag(id), withoutTag(name)].some((text) => values.includes(text));
  };

function withoutTag(name: string): string {
  return name.replace(/@.*$/s, '').replace(/:[^:/]*$/, '');
}
