/** What an event is, in docker's words: one line of JSON in `<data>/v1/events`. Pure; who appends one: record.ts, and the plans of a container's life. */

export type EventType = 'container' | 'image' | 'volume';

/** What happens to containers, images and volumes. Those of exec name the command behind a colon, as docker's do. */
export type EventAction =
  | 'create'
  | 'start'
  | 'die'
  | 'destroy'
  | 'kill'
  | 'stop'
  | 'restart'
  | 'rename'
  | 'pause'
  | 'unpause'
  | 'attach'
  | `exec_create: ${string}`
  | `exec_start: ${string}`
  | 'exec_die'
  | `health_status: ${string}`
  | 'commit'
  | 'export'
  | 'import'
  | 'pull'
  | 'tag'
  | 'untag'
  | 'push'
  | 'load'
  | 'save'
  | 'delete';

export interface StoreEvent {
  type: EventType;
  action: EventAction;
  /** Of the container or image; the name of a volume. A pull has the image's name. */
  id: string;
  /** docker's: `name`, `image`, `exitCode`, `signal`, `execID` …, and a container's labels. */
  attributes: Record<string, string>;
  /** RFC 3339, UTC, nanoseconds */
  time: string;
}

/** As it lies in the file. docker counts nanoseconds in a number that JSON's readers cannot hold; here it is the text that the log has too. */
interface EventLine {
  Type: EventType;
  Action: EventAction;
  Actor: { ID: string; Attributes: Record<string, string> };
  scope: 'local';
  time: string;
}

export function eventLine({ type, action, id, attributes, time }: StoreEvent): EventLine {
  return { Type: type, Action: action, Actor: { ID: id, Attributes: attributes }, scope: 'local', time };
}

const BEGINNING = '{"Type":';

/** Undefined for what is damaged. A line that a full disk cut is followed by the next one without an end between them. */
export function parseEvent(line: string): StoreEvent | undefined {
  try {
    const { Type, Action, Actor, time } = JSON.parse(line.slice(Math.max(line.lastIndexOf(BEGINNING), 0))) as EventLine;
    if ([Type, Action, Actor.ID, time].some((each) => typeof each !== 'string')) return undefined;
    const attributes = Object.entries(Actor.Attributes).filter(([name, value]) => name !== 'signal' || value !== '');
    return { type: Type, action: Action, id: Actor.ID, attributes: Object.fromEntries(attributes), time };
  } catch {
    return undefined;
  }
}

/** Bytes of the file before it is rotated; one older file is kept. */
export const EVENTS_LIMIT = 4 * 1024 * 1024;

/** Where the older ones are. */
export function rotatedFile(file: string): string {
  return `${file}.1`;
}

/** What docker says of a container besides. Labels come first: they do not overrule what is known. */
export function containerAttributes(container: { name?: string; image: string }, labels: Readonly<Record<string, string>>) {
  const { name, image } = container;
  return { ...labels, image, ...(name === undefined ? {} : { name }) };
}

/** docker's event of a volume: the name of its driver is all that it says. */
export function volumeEvent(action: 'create' | 'destroy', name: string): Omit<StoreEvent, 'time'> {
  return { type: 'volume', action, id: name, attributes: { driver: 'local' } };
}
