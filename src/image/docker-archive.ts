/**
 * What `docker save` and skopeo's docker-archive write: manifest.json names configs and layers by path. Layers are tars, plain as a rule,
 * so that a layer's digest is its diffID; an OCI manifest is made from them, the same one each time, unless the archive is an image layout as
 * well (docker's since 25) and has the manifest. The config stays byte for byte: its digest is the image's id.
 */
import { createHash } from 'node:crypto';
import { blobArrivedAs } from '../content/failure.js';
import { digestOf } from '../content/store.js';
import { compressionOf } from '../spec/compression.js';
import { type DiffId, type Digest, hexOf } from '../spec/digest.js';
import type { Descriptor, ImageManifest } from '../spec/image.js';
import { MANIFEST_LIMIT } from '../spec/limits.js';
import { type Compression, OCI_CONFIG, OCI_MANIFEST } from '../spec/media-types.js';
import { type ArchiveFiles, readWhole } from './archive-files.js';
import { type LayoutBeside, layoutBeside, meansSame } from './layout-beside.js';
import { type ArchivedImage, ambiguous, notFound } from './oci-layout.js';
import { CONFIG_LIMIT, parseConfig, validated } from './parse.js';
import { dockerArchiveSchema } from './schema.js';
import { archiveInvalid } from './tar-index.js';

export interface SavedImage {
  Config: string;
  RepoTags?: string[];
  Layers: string[];
}

/** Errors: ERR_TSRUN_ARCHIVE_INVALID, ERR_TSRUN_CONFIG_INVALID, ERR_TSRUN_IMAGE_NOT_FOUND, ERR_TSRUN_IMAGE_AMBIGUOUS. */
export async function openDockerArchive(files: ArchiveFiles, ref: string | undefined): Promise<ArchivedImage> {
  const image = chooseImage(await savedImages(files), files.path, ref);
  return openSavedImage(files, image, await layoutBeside(files), ref);
}

/** All that its manifest.json names. Errors: ERR_TSRUN_ARCHIVE_INVALID. */
export async function savedImages(files: ArchiveFiles): Promise<SavedImage[]> {
  if ((await files.size('manifest.json')) === undefined) throw archiveInvalid(files.path, 'it has no manifest.json');
  const bytes = await readWhole(files, 'manifest.json', MANIFEST_LIMIT);
  return validated(dockerArchiveSchema, bytes, MANIFEST_LIMIT, `${files.path}: manifest.json`, 'ERR_TSRUN_ARCHIVE_INVALID');
}

/**
 * @param layout of the same archive: the image is what it says there, with the digests it had, when that has the same config
 * @param ref of several entries with this config the one that is called so
 */
export async function openSavedImage(
  files: ArchiveFiles,
  image: SavedImage,
  layout: LayoutBeside | undefined,
  ref: string | undefined,
): Promise<ArchivedImage> {
  const configBytes = await readWhole(files, inArchive(image.Config), CONFIG_LIMIT);
  const config: Descriptor = { mediaType: OCI_CONFIG, digest: digestOf(configBytes), size: configBytes.length };
  const called = /^blobs\/sha256\/([0-9a-f]{64})$/.exec(inArchive(image.Config))?.[1];
  if (called !== undefined && called !== hexOf(config.digest)) throw blobArrivedAs(`sha256:${called}` as Digest, config.digest);
  const beside = layout?.entryWith(config.digest, ref === undefined ? (image.RepoTags ?? []) : [ref]);
  if (layout !== undefined && beside !== undefined) return { target: beside, source: layout.source };
  const { diff_ids } = parseConfig(configBytes, config, image.Layers.length).rootfs;
  const layers: Descriptor[] = [];
  for (const [index, diffId] of diff_ids.entries()) layers.push(await layerOf(files, image.Layers[index] as string, diffId));
  const manifest: ImageManifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers };
  const manifestBytes = Buffer.from(JSON.stringify(manifest));
  const places = new Map(layers.map(({ digest }, index) => [digest, inArchive(image.Layers[index] as string)]));
  places.set(config.digest, inArchive(image.Config));
  return {
    target: { mediaType: OCI_MANIFEST, digest: digestOf(manifestBytes), size: manifestBytes.length },
    source: { document: async () => manifestBytes, blob: ({ digest }) => files.stream(places.get(digest) as string) },
  };
}

function chooseImage(images: SavedImage[], path: string, ref: string | undefined): SavedImage {
  const tags = images.flatMap(({ RepoTags }) => RepoTags ?? []);
  const matches = ref === undefined ? images : images.filter(({ RepoTags }) => RepoTags?.some((tag) => meansSame(tag, ref)));
  const [only, ...others] = matches;
  if (only === undefined) throw notFound(path, ref, tags);
  if (others.length > 0) throw ambiguous(path, tags);
  return only;
}

/** The layout of names inside the tar was checked when it was indexed; here a name is only looked up. */
function inArchive(name: string): string {
  return name.replace(/^(?:\.\/)+/, '');
}

async function layerOf(files: ArchiveFiles, path: string, diffId: DiffId): Promise<Descriptor> {
  const name = inArchive(path);
  const size = await files.size(name);
  if (size === undefined) throw archiveInvalid(files.path, `it has no file ${JSON.stringify(path)}`);
  const compression = await sniff(files.stream(name));
  // A plain tar's digest is its diffID: the store checks that it is, and need not read what it has already.
  if (compression === 'none') return { mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: diffId as string as Digest, size };
  return { mediaType: `application/vnd.oci.image.layer.v1.tar+${compression}`, digest: await digestOnce(files, name), size };
}

/** A manifest.json may name one layer ten thousand times: it is read once. */
const digests = new WeakMap<ArchiveFiles, Map<string, Promise<Digest>>>();

function digestOnce(files: ArchiveFiles, name: string): Promise<Digest> {
  const known = digests.get(files) ?? new Map<string, Promise<Digest>>();
  digests.set(files, known);
  const digest = known.get(name) ?? digestOfStream(files.stream(name));
  known.set(name, digest);
  return digest;
}

async function digestOfStream(stream: AsyncIterable<Uint8Array>): Promise<Digest> {
  const hash = createHash('sha256');
  for await (const chunk of stream) hash.update(chunk);
  return `sha256:${hash.digest('hex')}` as Digest;
}

/** Reads no further than the first piece. */
async function sniff(stream: AsyncIterable<Uint8Array>): Promise<Compression> {
  for await (const chunk of stream) return compressionOf(chunk);
  return 'none';
}
