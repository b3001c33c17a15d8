/** Events of a container's life that nobody but the helper sees: each is one append, and none can fail a run. */
import { basename } from 'node:path';
import { EVENTS_LIMIT, type EventAction, eventLine, type StoreEvent, volumeEvent } from '../events/event.js';
import type { RuntimeSpec } from '../spec/runtime.js';
import { jsonLines } from './encode.js';
import type { Operation } from './operations.js';
import { slot } from './slot.js';
import { ownVolumes } from './volumes.js';

/** Of a container, or of the one that a process enters. */
export interface EventSource {
  file: string;
  /** slot('id') of a new one. */
  id: string;
  attributes: Readonly<Record<string, string>>;
}

type Told = readonly [action: EventAction, more?: Readonly<Record<string, string>>];

/** The events, at one moment, by one write. */
export function tell(source: EventSource, ...told: Told[]): Operation {
  return append(source, eventsOf(source, told));
}

type Timeless = Omit<StoreEvent, 'time'>;

function eventsOf({ id, attributes }: EventSource, told: readonly Told[]): Timeless[] {
  return told.map(([action, more]) => ({ type: 'container', action, id, attributes: { ...attributes, ...more } }));
}

function append({ file }: EventSource, events: readonly Timeless[]): Operation {
  const lines = events.map((event) => eventLine({ ...event, time: slot('now') }));
  return ['attempt', [['append', file, EVENTS_LIMIT, jsonLines(lines)]]];
}

interface Life {
  fresh: boolean;
  spec: RuntimeSpec;
  settings: { rm: boolean; restart: { name: string } };
  events: EventSource;
}

/** It is one thing with its first start, unless it is begun again by itself. */
function isMadeWithStart({ fresh, settings }: Life): boolean {
  return fresh && settings.restart.name === 'no';
}

/** In front of everything else; what is removed is told once it is gone, if it ever began. */
export function tellMade(life: Life): Operation[] {
  if (life.settings.rm) return [['on-exit', ON_SUCCESS, [...tellVolumesGone(life), tell(life.events, ['destroy'])]]];
  return life.fresh && !isMadeWithStart(life) ? [tellCreated(life)] : [];
}

const ON_SUCCESS = 2;

/** A container and, before it, the volumes that come with it. */
export function tellCreated({ events, spec }: Pick<Life, 'events' | 'spec'>, ...more: Told[]): Operation {
  const volumes = ownVolumes(spec).made.map((directory) => volumeEvent('create', basename(directory)));
  return append(events, [...volumes, ...eventsOf(events, [['create'], ...more])]);
}

/** One that another container has is still there. */
function tellVolumesGone({ events, spec }: Life): Operation[] {
  return ownVolumes(spec).going.map((directory): Operation => {
    return ['unless', directory, [append(events, [volumeEvent('destroy', basename(directory))])]];
  });
}

export function tellStarted(life: Life): Operation {
  return isMadeWithStart(life) ? tellCreated(life, ['start']) : tell(life.events, ['start']);
}

export function tellEnded({ events }: Pick<Life, 'events'>): Operation {
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
