/** `events`: docker's line, its JSON, and its message for templates. */
import type { StoreEvent } from '../../index.js';
import { parseTemplate } from '../template/template.js';
import { GoMap, Struct, type Value } from '../template/value.js';
import { visible, visibleJson } from '../visible.js';

/** What is printed of an event, with its newline. @throws ERR_TSRUN_TEMPLATE */
export function eventPrinter(format: string | undefined): (event: StoreEvent) => string {
  if (format === undefined || format === '') return (event) => `${line(event)}\n`;
  if (format === 'json' || format.trim() === '{{json .}}') return (event) => `${exactJson(event)}\n`;
  const template = parseTemplate(format.replaceAll('\\t', '\t').replaceAll('\\n', '\n'));
  return (event) => `${template.execute(message(event))}\n`;
}

/** `2026-01-31T13:00:00.000000000+01:00 container start ID (image=alpine, name=web)` */
function line({ type, action, id, attributes, time }: StoreEvent): string {
  const known = Object.entries(attributes)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`);
  return visible(`${localTime(time)} ${type} ${action} ${id}${known.length === 0 ? '' : ` (${known.join(', ')})`}`);
}

/** The caller's time zone, all nine digits. */
function localTime(time: string): string {
  const date = new Date(time);
  const minutes = -date.getTimezoneOffset();
  const local = new Date(date.getTime() + minutes * 60_000).toISOString().slice(0, 19);
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  const zone = minutes === 0 ? 'Z' : `${minutes < 0 ? '-' : '+'}${two(Math.abs(minutes) / 60)}:${two(Math.abs(minutes) % 60)}`;
  return `${local}.${nanosecondsOf(time)}${zone}`;
}

function nanosecondsOf(time: string): string {
  return (/\.(\d{1,9})/.exec(time)?.[1] ?? '').padEnd(9, '0');
}

/** docker's message. `timeNano` is more than a number of ours can hold: it is put in as text. */
function dockerEvent({ type, action, id, attributes, time }: StoreEvent) {
  const seconds = Math.floor(Date.parse(time) / 1000);
  const from = attributes['image'];
  return {
    ...(type === 'volume' ? {} : { status: action, id }),
    ...(type === 'container' && from !== undefined ? { from } : {}),
    Type: type,
    Action: action,
    Actor: { ID: id, Attributes: attributes },
    scope: 'local',
    time: seconds,
    timeNano: `${seconds}${nanosecondsOf(time)}`,
  };
}

/** Attributes are escaped, so that no value of theirs looks like this member. */
function exactJson(event: StoreEvent): string {
  return visibleJson(dockerEvent(event)).replace(/"timeNano":"(\d+)"\}$/, '"timeNano":$1}');
}

/** Go calls some fields otherwise than the JSON does. */
const ALIASES = { Status: 'status', ID: 'id', From: 'from', Scope: 'scope', Time: 'time', TimeNano: 'timeNano' };

function message(event: StoreEvent): Struct {
  const { Actor, ...rest } = dockerEvent(event);
  const fields: Readonly<Record<string, Value>> = { ...rest, Actor: null };
  const attributes = new GoMap(
    Object.entries(Actor.Attributes).map(([name, value]) => [name, visible(value)]),
    '',
  );
  const actor = new Struct(['ID', 'Attributes'], (field) => (field === 'ID' ? visible(Actor.ID) : attributes));
  const read = (field: string): Value => {
    const value = fields[field];
    return field === 'Actor' ? actor : typeof value === 'string' ? visible(value) : value;
  };
  return new Struct(['status', 'id', 'from', 'Type', 'Action', 'Actor', 'scope', 'time', 'timeNano'], read, { aliases: ALIASES });
}
