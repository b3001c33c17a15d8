/** `import`: a root file system's tar becomes an image of one layer. */
import { collectGarbage } from '../content/gc.js';
import { Lease } from '../content/lease.js';
import { TsrunError } from '../errors.js';
import { applyChanges } from '../image/change.js';
import { configOfOne } from '../image/commit-config.js';
import { type Image, imageId } from '../image/image.js';
import { type Bytes, type ImportSource, invalid, openImport } from '../image/import-source.js';
import { type MadeLayer, nameFor, nameMade, OCI_LAYER_TYPES, storeImage, storeTar } from '../image/make.js';
import { askedPlatform, hostPlatform } from '../image/platform.js';
import { diffIdOf } from '../layer/diff-id.js';
import type { DiffId, Digest } from '../spec/digest.js';
import { checkArguments } from './check-arguments.js';
import { unpackForRuns } from './images.js';
import { tidyLayers } from './layers.js';
import type { CommonOptions, PullEvent } from './options.js';
import { recordImage } from './record.js';
import { openStore, type Session } from './session.js';

export interface ImportOptions extends CommonOptions {
  /** `NAME[:TAG]`; without it the image is known by its id. */
  name?: string;
  /** Lines of a Dockerfile: CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME, WORKDIR. */
  change?: string[];
  /** For the image's history. Default: where it was imported from. */
  message?: string;
  /** What it says it was made for; default: this machine. */
  platform?: string;
  os?: string;
  arch?: string;
  variant?: string;
  onProgress?: (event: PullEvent) => void;
}

export interface MadeImage {
  id: string;
  /** Canonical; absent where none was given. */
  name?: string;
}

/**
 * Plain, or by gzip or zstd, whose bytes are kept as they are; by xz or bzip2 where there is that program. The tar is unpacked before the image has
 * its name, as a pulled layer is: what would be refused there leaves nothing here.
 * @param archive a file's path, or its bytes
 * @throws ERR_TSRUN_USAGE, ERR_TSRUN_REFERENCE_INVALID, ERR_TSRUN_ARCHIVE_INVALID, ERR_TSRUN_UNSUPPORTED, and what unpacking it for a run would throw
 */
export async function importImage(archive: string | Bytes, options: ImportOptions = {}): Promise<MadeImage> {
  const own = checkArguments(typeof archive === 'string' ? { path: archive } : {}, options);
  const name = nameFor(options.name);
  const config = applyChanges({}, options.change ?? []);
  const platform = askedPlatform(options) ?? hostPlatform();
  const shown = typeof archive === 'string' ? archive : '-';
  const session = await openStore(options);
  const made = { blobs: new Set<Digest>() };
  try {
    using lease = new Lease(session.paths);
    const layer = await layerOf(session, lease, await openImport(archive, shown), shown, made.blobs, own.signal);
    const step = { config, diffId: layer.diffId, created: new Date().toISOString(), comment: options.message ?? `Imported from ${shown}` };
    const image = await storeImage(session, lease, configOfOne(platform, step), [layer.descriptor]);
    for (const { digest } of [image.target, image.configDescriptor]) made.blobs.add(digest);
    await unpackForRuns(session, image, own);
    return told(session, await nameMade(session, image, name), name);
  } catch (error) {
    await collectGarbage(session.store, made.blobs).catch(() => []);
    await tidyLayers(session, {}).catch(() => {});
    const isNoTar = error instanceof TsrunError && error.code === 'ERR_TSRUN_LAYER_INVALID';
    throw isNoTar ? invalid(shown, error.message, error) : error; // it was not pulled
  }
}

function told({ paths }: Session, image: Image, name: string | undefined): MadeImage {
  const id = imageId(image);
  recordImage(paths, 'import', id, name ?? id);
  return { id, ...(name === undefined ? {} : { name }) };
}

async function layerOf(
  session: Session,
  lease: Lease,
  { compression, bytes }: ImportSource,
  shown: string,
  made: Set<Digest>,
  signal: AbortSignal | undefined,
): Promise<MadeLayer> {
  if (compression === 'none') {
    const layer = await storeTar(session, lease, bytes, signal);
    made.add(layer.descriptor.digest);
    return layer;
  }
  const added = await session.store.add(shown, bytes, (digest) => lease.protect([digest], signal), { signal });
  made.add(added.digest);
  const mediaType = OCI_LAYER_TYPES[compression];
  try {
    const diffId = await diffIdOf(session.paths.blob(added.digest), added.size, mediaType);
    return { descriptor: { mediaType, ...added }, diffId: diffId as DiffId };
  } catch (error) {
    throw invalid(shown, (error as Error).message, error);
  }
}
