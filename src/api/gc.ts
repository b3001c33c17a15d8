/** `gc`: what nothing needs, and with limits the images that were used least recently. */
import { parseSize } from '../bundle/size.js';
import { collectGarbage } from '../content/gc.js';
import { sweepLeftovers } from '../content/sweep.js';
import { TsrunError } from '../errors.js';
import { parseDuration } from '../spec/duration.js';
import { checkArguments } from './check-arguments.js';
import { leastRecentlyUsed } from './gc-choice.js';
import { collectLayers } from './layers.js';
import type { CommonOptions } from './options.js';
import { removeEntries } from './prune-images.js';
import { openStore } from './session.js';

export interface GcOptions extends CommonOptions {
  /** Of blobs and unpacked layers on the disk: `10g`, `500MiB`. Images go until the rest fits. */
  maxSize?: string;
  /** Images go that were not pulled, tagged or run for so long: `240h`, `30d`. */
  olderThan?: string;
}

export interface Collected {
  /** canonical references */
  untagged: string[];
  /** digests of blobs */
  deleted: string[];
  /** bytes */
  reclaimed: number;
}

/**
 * Images that containers were made from stay, whatever the limits. An image's last use is the mtime of its reference, which a pull, a tag
 * and each run sets (to the hour). @throws ERR_TSRUN_USAGE
 */
export async function gc(options: GcOptions = {}): Promise<Collected> {
  const { signal } = checkArguments({}, options);
  const limits = {
    ...(options.maxSize === undefined ? {} : { maxSize: sizeOf(options.maxSize) }),
    ...(options.olderThan === undefined ? {} : { before: Date.now() - durationOf(options.olderThan) }),
  };
  const session = await openStore(options);
  const chosen = Object.keys(limits).length === 0 ? undefined : await leastRecentlyUsed(session, limits, signal);
  const removed = await removeEntries(session, chosen?.entries ?? []);
  const blobs = await collectGarbage(session.store);
  await sweepLeftovers(session.paths, { all: true });
  const layers = await collectLayers(session, signal, 'thoroughly');
  if (chosen !== undefined && chosen.left > (limits.maxSize ?? Number.POSITIVE_INFINITY))
    options.onNote?.(`${chosen.left} bytes are left, above the limit: containers need them`);
  return {
    untagged: removed.untagged,
    deleted: [...removed.deleted, ...blobs.map(({ digest }) => digest)],
    reclaimed: removed.reclaimed + blobs.reduce((sum, { size }) => sum + size, 0) + layers,
  };
}

function sizeOf(text: string): number {
  return parseSize(text) ?? bad('--max-size', text, 'a size: 10g, 500MiB');
}

function durationOf(text: string): number {
  const [, days] = /^(\d+)d$/.exec(text) ?? [];
  return (days === undefined ? parseDuration(text) : Number(days) * 86_400_000) ?? bad('--older-than', text, 'a duration: 240h, 30d');
}

function bad(flag: string, text: string, what: string): never {
  throw new TsrunError('ERR_TSRUN_USAGE', `${flag} ${JSON.stringify(text)} is not ${what.replace(/:.*/, '')}`, {
    subject: text,
    hint: `write ${what}`,
  });
}
