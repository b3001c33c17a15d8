/** How much a layer needs once it is unpacked: what its compressed form says of itself. */
import { closeSync, openSync, readSync } from 'node:fs';
import type { HostPath } from '../paths.js';
import { compressionOf, isZstdFrame } from '../spec/compression.js';

/** Bytes, for people: a blob of several members or frames says less. @param size of the blob itself */
export function unpackedSize(blob: HostPath, size: number): number {
  const fd = openSync(blob, 'r');
  try {
    const start = read(fd, 0, 18);
    if (compressionOf(start) === 'gzip') return Math.max(size, read(fd, size - 4, 4).readUInt32LE());
    return isZstdFrame(start) ? Math.max(size, contentSizeOf(start)) : size;
  } finally {
    closeSync(fd);
  }
}

/** RFC 8878 §3.1.1.1: the descriptor says which fields the frame's header has. */
function contentSizeOf(header: Buffer): number {
  const descriptor = header.readUInt8(4);
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const dictionaryId = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const at = 5 + (isSingleSegment ? 0 : 1) + dictionaryId;
  switch (descriptor >> 6) {
    case 0:
      return isSingleSegment ? header.readUInt8(at) : 0;
    case 1:
      return header.readUInt16LE(at) + 256;
    case 2:
      return header.readUInt32LE(at);
    default:
      return Number(header.readBigUInt64LE(at));
  }
}

/** Zeros where the file ends before. */
function read(fd: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  readSync(fd, bytes, 0, length, Math.max(0, position));
  return bytes;
}
