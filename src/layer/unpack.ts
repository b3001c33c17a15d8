/** One layer: blob → tar → entries on the disk, with the diffID checked over every byte. */
import { createHash } from 'node:crypto';
import { TsrunError } from '../errors.js';
import { LayerApplier } from './apply.js';
import type { TarStream } from './decompress.js';
import { overLimit } from './fault.js';
import type { LayerJob, LayerReport } from './job.js';
import { LIMITS, type Limits } from './limits.js';
import { TarReader } from './tar/reader.js';

/**
 * Applies the layer to `/` of this process. Rejects with TsrunError or NotSelfContained; what is on the disk is then of no use.
 * @param onProgress compressed bytes taken in so far, once for each piece
 */
export async function unpackLayer(tar: TarStream, job: LayerJob, onProgress: (bytes: number) => void): Promise<LayerReport> {
  const limits: Limits = { ...LIMITS, ...job.limits };
  const applier = new LayerApplier(job, limits);
  const reader = new TarReader(applier, limits);
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of tar.chunks()) {
    bytes += chunk.length;
    checkSize(bytes, tar.consumed(), limits);
    hash.update(chunk);
    reader.push(chunk);
    onProgress(tar.consumed());
  }
  reader.end();
  checkDiffId(`sha256:${hash.digest('hex')}`, job);
  return applier.finish();
}

/** @throws ERR_TSRUN_LAYER_LIMIT */
export function checkSize(bytes: number, consumed: number, limits: Limits): void {
  if (bytes > limits.totalBytes) throw overLimit(`the layer has more than ${limits.totalBytes} bytes`);
  if (bytes > limits.ratioFrom && bytes > limits.ratio * consumed) {
    throw overLimit(`the layer grows more than ${limits.ratio} times when it is decompressed`);
  }
}

function checkDiffId(actual: string, job: LayerJob): void {
  if (actual === job.diffId) return;
  throw new TsrunError('ERR_TSRUN_LAYER_DIFF_ID', `a layer's contents are ${actual}, the image promises ${job.diffId}`, {
    subject: job.diffId,
    hint: 'do not trust this image: pull it again, and tell its publisher if that does not help',
  });
}
