/**
 * Slots: the places of a plan that are filled when it runs, so that one plan serves every run of the same command line.
 * Inside strings a slot is written between two NUL bytes, which no path, argument or environment value can hold.
 */

/** The closed list, besides `env:NAME`, and `port:NAME`: the number of a listening socket. The helper refuses any other. */
export const SLOTS = [
  'id', // 64 hex digits, new for each execution
  'short-id', // the first 12 of them
  'now', // RFC 3339, UTC, nanoseconds
  'begun', // the moment at which the helper began, in the same form
  'cwd', // the caller's working directory
  'pid', // of the container's first process, as the host counts
  'boot-id', // of the machine's running system (random(4)): a pid and its start mean something together with it
  'start-time', // its start in clock ticks since boot (proc(5), /proc/pid/stat field 22)
  'running-since', // the moment at which that process was made, RFC 3339
  'exit-status', // 0…255 once it has ended
  'exit-signal', // the number of the signal that ended it, or nothing
  'end-reason', // why it was ended, if it was for the time limit: the words of that
  'own-pid', // of the process that executes the operation
  'own-start-time', // its start
  'restarts', // how often `repeat` began again
  'health', // starting, healthy or unhealthy
  'failing-streak', // how many health checks failed in a row
  'probe-turn', // 0, 1, … and 0 again: which of the results that are kept this one is
  'probe-begun', // the moment at which the last health check began, RFC 3339
  'probe-ended', // and ended
  'probe-status', // its exit status; -1: it took too long
  'probe-output', // the beginning of what it printed
] as const;

/**
 * `port:NAME`: of a socket that was opened by that name. `new-id:N`: 64 hex digits, new for each execution, others for each N up to 999.
 */
export type Slot = (typeof SLOTS)[number] | `new-id:${number}` | `env:${string}` | `port:${string}`;

export type TemplatePart = string | { slot: Slot; json: boolean };

/** The marker of a slot, to be placed inside any string of a runtime spec or plan. */
export function slot(name: Slot): string {
  return `\0{${name}}\0`;
}

/** Splits a string at its slot markers. */
export function templateOf(text: string): TemplatePart[] {
  return split(text, /\0\{([^}\0]*)\}\0/, false);
}

/** The same for JSON text made by JSON.stringify from strings with markers: the helper escapes what it fills in. */
export function jsonTemplateOf(json: string): TemplatePart[] {
  return split(json, /\\u0000\{([^}\\]*)\}\\u0000/, true);
}

function split(text: string, marker: RegExp, json: boolean): TemplatePart[] {
  return text
    .split(marker)
    .map((part, index): TemplatePart => (index % 2 === 0 ? part : { slot: asSlot(part), json }))
    .filter((part) => part !== '');
}

function asSlot(name: string): Slot {
  if ((SLOTS as readonly string[]).includes(name) || /^(env:[^=]+|new-id:\d{1,3}|port:[\w.-]{1,64})$/.test(name)) return name as Slot;
  throw new TypeError(`not a slot: ${name}`);
}
