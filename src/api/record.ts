/** What verbs of Node's did, told as events. The helper tells of what it does itself (src/plan/events.ts). */
import { type Container, readConfig } from '../container/state.js';
import { containerAttributes, type EventAction } from '../events/event.js';
import { recordEvent } from '../events/record.js';
import type { StorePaths } from '../paths.js';
import type { EventSource } from '../plan/events.js';
import { familiarName } from '../reference/format.js';
import { parseReference } from '../reference/parse.js';
import { isDigest } from '../spec/digest.js';
import type { RuntimeSpec } from '../spec/runtime.js';
import { labelsOf } from './container-details.js';

type Known = Pick<Container, 'id' | 'name' | 'image' | 'directory'>;

export function recordContainer(
  paths: StorePaths,
  container: Known,
  action: EventAction,
  more: Readonly<Record<string, string>> = {},
): void {
  const { file, id, attributes } = eventSource(paths, container);
  recordEvent(file, { type: 'container', action, id, attributes: { ...attributes, ...more } });
}

/** To be called when it is gone: what its event says is read before. */
export function destroyed(paths: StorePaths, container: Known): () => void {
  const { file, id, attributes } = eventSource(paths, container);
  return () => recordEvent(file, { type: 'container', action: 'destroy', id, attributes: { ...attributes } });
}

/** @param spec default: what its config.json says */
export function eventSource(paths: StorePaths, container: Known, spec?: RuntimeSpec): EventSource & { file: StorePaths['events'] } {
  return { file: paths.events, id: container.id, attributes: containerAttributes(container, labelsOf(spec ?? configOf(container))) };
}

/** A damaged one has no labels. */
function configOf(container: Known): Pick<RuntimeSpec, 'annotations'> {
  try {
    return readConfig(container);
  } catch {
    return {};
  }
}

export function recordImage(
  paths: StorePaths,
  action: 'pull' | 'tag' | 'untag' | 'load' | 'save' | 'push' | 'delete' | 'import',
  id: string,
  name: string,
): void {
  recordEvent(paths.events, { type: 'image', action, id: shown(id), attributes: { name: shown(name) } });
}

/** As users write it: `alpine:3.20`. An id, and what lies in an archive, stays as it is. */
function shown(name: string): string {
  try {
    return isDigest(name) ? name : familiarName(parseReference(name));
  } catch {
    return name;
  }
}
