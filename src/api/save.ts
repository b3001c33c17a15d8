/** `save`: images of the store as one file. */
import { openArchiveDestination } from '../image/archive-destination.js';
import { askedPlatform } from '../image/platform.js';
import * as save from '../image/save.js';
import type { ArchiveTransport } from '../reference/reference.js';
import { checkArguments } from './check-arguments.js';
import type { CommonOptions } from './options.js';
import { recordImage } from './record.js';
import { openStore } from './session.js';

/** podman's words. `docker-archive` is an image layout with docker's manifest.json: docker, podman and skopeo read it, and every digest is kept. */
export type ArchiveFormat = 'docker-archive' | 'oci-archive' | 'docker-dir' | 'oci-dir';

const TRANSPORTS: Readonly<Record<ArchiveFormat, ArchiveTransport>> = {
  'docker-archive': 'docker-archive',
  'oci-archive': 'oci-archive',
  'docker-dir': 'dir',
  'oci-dir': 'oci',
};

export interface SaveOptions extends CommonOptions {
  /** Default: `docker-archive`. */
  format?: ArchiveFormat;
  /** `os/arch[/variant]`: of an image for several platforms this one alone. Default: what of it is in the store. */
  platform?: string;
  /** Refuses an image of which the store does not have every platform. */
  allPlatforms?: boolean;
}

export interface SavedImage {
  /** digest of the image config, as docker shows it */
  id: string;
  /** of the manifest or index */
  digest: string;
  /** canonical references that it has in the archive; none when it was asked for by id or digest */
  names: string[];
}

/**
 * Writes images with all their names here given into one archive: the same images give the same bytes. A file appears when it is whole.
 * @param output a path, `-` for standard output, or a function that takes piece after piece; a directory for the formats with `dir`
 * @throws ERR_TSRUN_IMAGE_NOT_FOUND, ERR_TSRUN_PLATFORM_MISSING, ERR_TSRUN_OUTPUT, ERR_TSRUN_FILE_EXISTS, ERR_TSRUN_USAGE
 */
export async function saveImages(
  images: readonly string[],
  output: string | ((piece: Uint8Array) => void | Promise<void>),
  options: SaveOptions = {},
): Promise<SavedImage[]> {
  const { signal } = checkArguments({ images, ...(typeof output === 'function' ? {} : { path: output }) }, options);
  const platform = options.allPlatforms ? 'all' : askedPlatform({ platform: options.platform });
  const session = await openStore(options);
  const place = { transport: TRANSPORTS[options.format ?? 'docker-archive'], path: output };
  const saved = await save.saveImages(session, images, () => openArchiveDestination(place, signal), { platform, signal });
  for (const { id, names } of saved) recordImage(session.paths, 'save', id, names[0] ?? id);
  return saved.map(({ id, target, names }) => ({ id, digest: target.digest, names: [...names] }));
}
