/** The account of a pull where there is no terminal: one line per step. Pure. */
import { shownName } from '../shown-name.js';
import { humanSize, shortId } from '../units.js';
import { visible } from '../visible.js';
import type { ProgressEvent, PullProgress } from './layers.js';

/** The line that an event deserves, or undefined. `before` is the state without the event. */
export function stepLine(before: PullProgress, event: ProgressEvent): string | undefined {
  switch (event.type) {
    case 'resolve':
      return before.layers.size === 0 && !before.done ? `${nameOf(event.reference)}: resolving` : undefined;
    case 'manifest': {
      const size = event.layers.reduce((sum, layer) => sum + layer.size, 0);
      const count = `${event.layers.length} ${event.layers.length === 1 ? 'layer' : 'layers'}`;
      return `${nameOf(before.reference)}: ${count}, ${humanSize(size)}`;
    }
    case 'download':
      return stepOf(before, event.digest) === 'downloading' ? undefined : line(event.digest, `downloading ${humanSize(event.size)}`);
    case 'downloaded':
      return line(event.digest, event.alreadyPresent ? 'already present' : 'downloaded');
    case 'upload':
      return stepOf(before, event.digest) === 'uploading' ? undefined : line(event.digest, `sending ${humanSize(event.size)}`);
    case 'uploaded':
      return line(event.digest, event.alreadyPresent ? 'already there' : 'sent');
    case 'retry': {
      const subject = event.digest === undefined ? nameOf(before.reference) : shortId(visible(event.digest));
      return `${subject}: retrying after ${visible(event.reason)} (attempt ${event.attempt})`;
    }
    case 'fallback':
      return `${visible(event.from)}: ${visible(event.reason)}: trying ${visible(event.to)}`;
    case 'unpack':
      return stepOf(before, event.digest) === 'unpacking' ? undefined : line(event.digest, 'unpacking');
    case 'unpacked':
      return event.alreadyPresent ? undefined : line(event.digest, 'unpacked');
    case 'done':
      return `${nameOf(event.reference)}: ${done(before)} (${visible(event.digest)})`;
  }
}

function done({ received, unpacked, sent }: PullProgress): string {
  if (sent !== undefined) return sent === 0 ? 'nothing new' : 'sent';
  return received === 0 && unpacked === 0 ? 'up to date' : 'pulled';
}

function nameOf(reference: string): string {
  return visible(shownName(reference));
}

function stepOf(progress: PullProgress, digest: string): string | undefined {
  return progress.layers.get(digest)?.step;
}

function line(digest: string, what: string): string {
  return `${shortId(visible(digest))}: ${what}`;
}
