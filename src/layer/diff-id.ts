/** What a layer blob contains, without unpacking it. */
import { createHash } from 'node:crypto';
import { closeSync, constants, openSync } from 'node:fs';
import { openTar } from './decompress.js';
import { LIMITS } from './limits.js';
import { checkSize } from './unpack.js';

/** The digest of its tar. Memory is bounded, and so is what it may grow to. @throws ERR_TSRUN_LAYER_INVALID, ERR_TSRUN_LAYER_LIMIT, the system's errors */
export async function diffIdOf(blob: string, size: number, mediaType: string): Promise<string> {
  const fd = openSync(blob, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const tar = await openTar(fd, size, mediaType);
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of tar.chunks()) {
      bytes += chunk.length;
      checkSize(bytes, tar.consumed(), LIMITS);
      hash.update(chunk);
    }
    return `sha256:${hash.digest('hex')}`;
  } finally {
    closeSync(fd);
  }
}
