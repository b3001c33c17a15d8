/** `load`: the images of a file, with their names. */
import * as load from '../image/load.js';
import { askedPlatform } from '../image/platform.js';
import { checkArguments } from './check-arguments.js';
import type { CommonOptions, PullEvent } from './options.js';
import { recordImage } from './record.js';
import type { SavedImage } from './save.js';
import { openStore } from './session.js';

export interface LoadOptions extends CommonOptions {
  /** `os/arch[/variant]`: of an image for several platforms this one alone. Default: all that the archive has. */
  platform?: string;
  onProgress?: (event: PullEvent) => void;
}

/**
 * Brings all images of an archive into the store: docker's, an image layout, both in one, plain or compressed. What had one of their names so
 * far keeps its digest as a name. Nothing is named before all of it is there and verified.
 * @param input a file, a directory (an image layout, or what `dir:` means), `-` for standard input, or the bytes of an archive
 * @throws ERR_TSRUN_ARCHIVE_INVALID, ERR_TSRUN_IMAGE_NOT_FOUND without such a file, ERR_TSRUN_PLATFORM_MISSING, ERR_TSRUN_BLOB_DIGEST, ERR_TSRUN_DISK_FULL
 */
export async function loadImages(input: string | AsyncIterable<Uint8Array>, options: LoadOptions = {}): Promise<SavedImage[]> {
  const { signal, onProgress } = checkArguments(typeof input === 'string' ? { path: input } : {}, options);
  const session = await openStore(options);
  const loaded = await load.loadImages(session, input, { platform: askedPlatform({ platform: options.platform }), signal, onProgress });
  for (const { id, names } of loaded) for (const name of names.length === 0 ? [id] : names) recordImage(session.paths, 'load', id, name);
  return loaded;
}
