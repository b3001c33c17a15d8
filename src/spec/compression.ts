/** Which compression a stream begins with; what it is called does not matter. */
import type { Compression } from './media-types.js';

/** Looks at the first four bytes; fewer are no compression. */
export function compressionOf(start: Uint8Array): Compression {
  if (start[0] === 0x1f && start[1] === 0x8b) return 'gzip'; // RFC 1952 §2.3.1
  return isZstdFrame(start) || isSkippableFrame(start) ? 'zstd' : 'none';
}

/** RFC 8878 §3.1.1. */
export function isZstdFrame(start: Uint8Array): boolean {
  return start[0] === 0x28 && start[1] === 0xb5 && start[2] === 0x2f && start[3] === 0xfd;
}

/** RFC 8878 §3.1.2; zstd:chunked and pzstd put one first. */
function isSkippableFrame([first = 0, second, third, fourth]: Uint8Array): boolean {
  return first >> 4 === 5 && second === 0x2a && third === 0x4d && fourth === 0x18;
}
