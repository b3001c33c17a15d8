/** `events`: what happens to containers, images and volumes. */
import { nameOf } from '../container/name.js';
import type { StoreEvent } from '../events/event.js';
import { type EventQuery, readEvents } from '../events/read.js';
import { checkArguments } from './check-arguments.js';
import { parseMoment } from './moment.js';
import type { CommonOptions } from './options.js';
import { openSession } from './session.js';

export type { StoreEvent } from '../events/event.js';

export interface EventsOptions extends CommonOptions {
  /** As for logs(). Default: now. */
  since?: string;
  /** As for logs(). Default: they come for ever. */
  until?: string;
}

/**
 * From the oldest on, and those that come, until `until` or until `signal` is aborted. The store keeps the last few megabytes of them.
 * @throws ERR_TSRUN_USAGE, and what `signal` was aborted with
 */
export async function* events(options: EventsOptions = {}): AsyncGenerator<StoreEvent> {
  const { signal } = checkArguments({}, options);
  const query: EventQuery = {
    since: parseMoment(options.since ?? String(Date.now() / 1000)),
    ...(options.until === undefined ? {} : { until: parseMoment(options.until) }),
    signal,
  };
  for await (const event of readEvents(openSession(options).paths.events, query)) yield named(event);
}

/** A container that was given no name has one all the same. */
function named(event: StoreEvent): StoreEvent {
  if (event.type !== 'container' || event.attributes['name'] !== undefined) return event;
  return { ...event, attributes: { ...event.attributes, name: nameOf(event.id) } };
}
