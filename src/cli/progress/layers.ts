/** What a pull, or the sending of an image, has done so far, gathered from its events. Pure. */
import type { PullEvent, SendEvent } from '../../index.js';

export type ProgressEvent = PullEvent | SendEvent;

export type LayerStep = 'waiting' | 'downloading' | 'downloaded' | 'unpacking' | 'uploading' | 'done' | 'present';

export interface LayerProgress {
  step: LayerStep;
  /** Of the current step; for both steps in bytes of the blob. */
  bytes: number;
  size: number;
  /** When the current step began and with how many bytes, for the rate. */
  since: number;
  sinceBytes: number;
  retry?: string;
}

export interface PullProgress {
  reference: string;
  digest?: string;
  layers: Map<string, LayerProgress>;
  /** Bytes that came over the network. */
  received: number;
  unpacked: number;
  /** Bytes that were sent; undefined while nothing says that an image is. */
  sent?: number;
  done: boolean;
}

export function emptyProgress(reference: string): PullProgress {
  return { reference, layers: new Map(), received: 0, unpacked: 0, done: false };
}

/** Takes one event in. @param now milliseconds of any steady clock */
export function advance(progress: PullProgress, event: ProgressEvent, now: number): void {
  if (event.type === 'resolve' || event.type === 'done') progress.reference = event.reference;
  if (event.type === 'manifest' || event.type === 'done') progress.digest = event.digest;
  if (event.type === 'done') progress.done = true;
  if (event.type === 'manifest') {
    for (const { digest, size } of event.layers) layerOf(progress, digest, size, now);
  }
  if (event.type === 'retry' && event.digest !== undefined) layerOf(progress, event.digest, 0, now).retry = event.reason;
  if (event.type === 'download' || event.type === 'unpack') {
    const layer = layerOf(progress, event.digest, event.size, now);
    step(layer, event.type === 'download' ? 'downloading' : 'unpacking', event.bytes, event.size, now);
  }
  if (event.type === 'upload') step(layerOf(progress, event.digest, event.size, now), 'uploading', event.bytes, event.size, now);
  if (event.type === 'downloaded' || event.type === 'unpacked') end(progress, event, now);
  if (event.type === 'uploaded') {
    const { size } = layerOf(progress, event.digest, 0, now);
    progress.sent = (progress.sent ?? 0) + (event.alreadyPresent ? 0 : size);
    step(layerOf(progress, event.digest, 0, now), event.alreadyPresent ? 'present' : 'done', size, size, now);
  }
}

function end(
  progress: PullProgress,
  event: { type: 'downloaded' | 'unpacked'; digest: string; alreadyPresent: boolean },
  now: number,
): void {
  const layer = layerOf(progress, event.digest, 0, now);
  if (!event.alreadyPresent) {
    if (event.type === 'downloaded') progress.received += layer.size;
    else progress.unpacked++;
  }
  const next = event.type === 'downloaded' ? 'downloaded' : 'done';
  const wasThere = event.alreadyPresent && (event.type === 'downloaded' || layer.step === 'present');
  step(layer, wasThere ? 'present' : next, layer.size, layer.size, now);
}

/** Bytes per second of the current step, or undefined while it is too young to tell. */
export function rateOf(layer: LayerProgress, now: number): number | undefined {
  const seconds = (now - layer.since) / 1000;
  return seconds < 0.3 ? undefined : (layer.bytes - layer.sinceBytes) / seconds;
}

function layerOf(progress: PullProgress, digest: string, size: number, now: number): LayerProgress {
  let layer = progress.layers.get(digest);
  if (layer === undefined) {
    layer = { step: 'waiting', bytes: 0, size, since: now, sinceBytes: 0 };
    progress.layers.set(digest, layer);
  }
  return layer;
}

function step(layer: LayerProgress, to: LayerStep, bytes: number, size: number, now: number): void {
  if (layer.step !== to) {
    layer.step = to;
    layer.since = now;
    layer.sinceBytes = to === 'downloading' ? bytes : 0;
  }
  if (bytes !== layer.bytes) delete layer.retry;
  layer.bytes = bytes;
  if (size > 0) layer.size = size;
}
