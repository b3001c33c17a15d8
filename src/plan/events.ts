/** Events of a container's life that nobody but the helper sees: each is one append, and none can fail a run. */
import { EVENTS_LIMIT, type EventAction, eventLine, type StoreEvent } from '../events/event.js';
import { jsonLines } from './encode.js';
import type { Operation } from './operations.js';
import { slot } from './slot.js';

/** Of a container, or of the one that a process enters. */
export interface EventSource {
  file: string;
  /** slot('id') of a new one. */
  id: string;
  attributes: Readonly<Record<string, string>>;
}

type Told = readonly [action: EventAction, more?: Readonly<Record<string, string>>];

/** The events, at one moment, by one write. */
export function tell({ file, id, attributes }: EventSource, ...told: Told[]): Operation {
  const lines = told.map(([action, more]) => eventLine(event(action, id, { ...attributes, ...more })));
  return ['attempt', [['append', file, EVENTS_LIMIT, jsonLines(lines)]]];
}

function event(action: EventAction, id: string, attributes: Record<string, string>): StoreEvent {
  return { type: 'container', action, id, attributes, time: slot('now') };
}

interface Life {
  fresh: boolean;
  settings: { rm: boolean; restart: { name: string } };
  events: EventSource;
}

/** It is one thing with its first start, unless it is begun again by itself. */
function isMadeWithStart({ fresh, settings }: Life): boolean {
  return fresh && settings.restart.name === 'no';
}

/** In front of everything else; what is removed is told once it is gone, if it ever began. */
export function tellMade(life: Life): Operation[] {
  if (life.settings.rm) return [['on-exit', ON_SUCCESS, [tell(life.events, ['destroy'])]]];
  return life.fresh && !isMadeWithStart(life) ? [tell(life.events, ['create'])] : [];
}

const ON_SUCCESS = 2;

export function tellStarted(life: Life): Operation {
  return tell(life.events, ...(isMadeWithStart(life) ? ([['create']] satisfies Told[]) : []), ['start']);
}

export function tellEnded({ events }: Life): Operation {
  return tell(events, ['die', { exitCode: slot('exit-status'), signal: slot('exit-signal') }]);
}

/** Every execution of an exec plan has an id of its own. */
export function tellExecStarted(events: EventSource, command: readonly string[]): Operation {
  const more = { execID: slot('id') };
  return tell(events, [`exec_create: ${command.join(' ')}`, more], [`exec_start: ${command.join(' ')}`, more]);
}

export function tellExecEnded(events: EventSource): Operation {
  return tell(events, ['exec_die', { execID: slot('id'), exitCode: slot('exit-status') }]);
}
