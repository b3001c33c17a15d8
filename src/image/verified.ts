/** Bytes that are what their descriptor says, or an error: for those that go past the store. */
import { createHash } from 'node:crypto';
import { blobArrivedAs, blobSize } from '../content/failure.js';
import { digestOf } from '../content/store.js';
import type { Digest } from '../spec/digest.js';
import type { Descriptor } from '../spec/image.js';
import type { ImageSource } from './fetch.js';

/**
 * Each iteration reads the blob anew, from its first byte. The last piece comes only when all of them together are what the descriptor says:
 * whoever passes them on never passes on a whole blob that is a wrong one.
 * Errors of the iteration: ERR_TSRUN_BLOB_SIZE, ERR_TSRUN_BLOB_DIGEST, and the source's own.
 */
export function verifiedBlob(source: ImageSource, descriptor: Descriptor): AsyncIterable<Uint8Array> {
  return { [Symbol.asyncIterator]: () => verified(source.blob(descriptor), descriptor) };
}

async function* verified(bytes: AsyncIterable<Uint8Array>, descriptor: Descriptor): AsyncGenerator<Uint8Array, void, undefined> {
  const hash = createHash('sha256');
  let size = 0;
  let last: Uint8Array | undefined;
  for await (const chunk of bytes) {
    size += chunk.length;
    if (size > descriptor.size) throw blobSize(descriptor, 'longer');
    hash.update(chunk);
    if (last !== undefined) yield last;
    last = chunk;
  }
  if (size !== descriptor.size) throw blobSize(descriptor, `only ${size} bytes long`);
  const digest = `sha256:${hash.digest('hex')}` as Digest;
  if (digest !== descriptor.digest) throw blobArrivedAs(descriptor.digest, digest);
  if (last !== undefined) yield last;
}

/** A config, as a blob. Errors: as verifiedBlob, and ERR_TSRUN_BLOB_SIZE above `limit` bytes. */
export async function verifiedWhole(source: ImageSource, descriptor: Descriptor, limit: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  if (descriptor.size > limit) throw aboveLimit(descriptor, limit);
  for await (const chunk of verifiedBlob(source, descriptor)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function aboveLimit(descriptor: Descriptor, limit: number): Error {
  return blobSize(descriptor, `above the limit of ${limit} bytes`);
}

/** A manifest, index or config, whole. Errors: as verifiedBlob, and ERR_TSRUN_BLOB_SIZE above `limit` bytes. */
export async function verifiedDocument(bytes: Promise<Uint8Array>, descriptor: Descriptor, limit: number): Promise<Buffer> {
  if (descriptor.size > limit) throw aboveLimit(descriptor, limit);
  const found = Buffer.from(await bytes);
  if (found.length !== descriptor.size) throw blobSize(descriptor, `${found.length} bytes long`);
  const digest = digestOf(found);
  if (digest !== descriptor.digest) throw blobArrivedAs(descriptor.digest, digest);
  return found;
}
