/** For `run`: an image in a local directory or archive is looked at each time, and that is worth no word while nothing has to be brought. */
import { ARCHIVE } from '../archive.js';
import type { ProgressEvent } from './layers.js';
import type { Reporter } from './reporter.js';

/** Holds the account back until bytes move or a registry is asked; drops it when neither happens. */
export function patient(reporter: Reporter): Reporter {
  let held: ProgressEvent[] | undefined = [];
  return {
    silent: reporter.silent,
    begin: (image) => reporter.begin(image),
    note: (note) => reporter.note(note),
    stop: (interrupted) => reporter.stop(interrupted),
    event(event) {
      held?.push(event);
      if (held !== undefined && !isWorthAWord(event)) return;
      const due = held ?? [event];
      held = undefined;
      for (const one of due) reporter.event(one);
    },
  };
}

function isWorthAWord(event: ProgressEvent): boolean {
  switch (event.type) {
    case 'resolve':
      return !ARCHIVE.test(event.reference);
    case 'downloaded':
    case 'unpacked':
      return !event.alreadyPresent;
    default:
      return ['download', 'unpack', 'retry', 'fallback'].includes(event.type);
  }
}
