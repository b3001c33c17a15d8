/** Which compression a stream begins with; what it is called does not matter. */
import type { Compression } from '../spec/media-types.js';

const MAGIC: readonly (readonly [Compression, RegExp])[] = [
  ['gzip', /^1f8b/],
  // RFC 8878: a frame, or a skippable one, which zstd:chunked puts first.
  ['zstd', /^(?:28b52ffd|5.2a4d18)/],
];

export function compressionOf(start: Uint8Array): Compression {
  const hex = Buffer.from(start.subarray(0, 4)).toString('hex');
  return MAGIC.find(([, magic]) => magic.test(hex))?.[0] ?? 'none';
}

/** Reads no further than the first piece. */
export async function sniffCompression(stream: AsyncIterable<Uint8Array>): Promise<Compression> {
  for await (const chunk of stream) return compressionOf(chunk);
  return 'none';
}
