/** One layer of the store, unpacked in the cage: what to tell the program, and what to tell the user of its answers. */
import type { PullEvent } from '../api/options.js';
import type { LayerReport, UnpackMode } from '../layer/job.js';
import type { StorePaths } from '../paths.js';
import type { ChainId, DiffId } from '../spec/digest.js';
import type { Descriptor } from '../spec/image.js';
import { type UnpackPlace, type UnpackResult, unpackInCage } from './cage.js';
import type { Identity } from './identity.js';

export interface LayerSource {
  descriptor: Descriptor;
  diffId: DiffId;
  chainId: ChainId;
}

export interface EnsureOptions {
  signal?: AbortSignal | undefined;
  onProgress?: ((event: PullEvent) => void) | undefined;
  onNote?: ((note: string) => void) | undefined;
}

/** @param syncTo false: whoever wants the tree on the disk writes it there */
export async function unpackLayer(
  paths: StorePaths,
  identity: Identity,
  { descriptor, diffId }: LayerSource,
  { mode, syncTo, ...place }: UnpackPlace & { mode: UnpackMode; syncTo: boolean },
  { signal, onProgress, onNote }: EnsureOptions,
): Promise<UnpackResult> {
  const { digest, size, mediaType } = descriptor;
  const onBytes = (bytes: number) => onProgress?.({ type: 'unpack', digest, bytes, size });
  onBytes(0);
  const job = {
    blob: paths.blob(digest),
    mediaType,
    size,
    diffId,
    mode,
    ids: identity.ids.mode === 'single' ? ('single' as const) : ('range' as const),
    become: identity.confined !== true,
    ...(identity.confined ? { confined: place.home ?? place.directory } : {}),
    syncTo,
  };
  const result = await unpackInCage(identity, job, { ...place, signal, onBytes });
  if ('done' in result) noteSkipped(result.done, onNote);
  return result;
}

function noteSkipped({ skippedDevices, skippedXattrs }: LayerReport, onNote: EnsureOptions['onNote']): void {
  if (skippedDevices.length > 0) onNote?.(`device files cannot be made in a user namespace and are left out: ${skippedDevices.join(', ')}`);
  if (skippedXattrs.length > 0) onNote?.(`extended attributes are left out: ${skippedXattrs.join(', ')}`);
}
