/**
 * What `docker save` and skopeo's docker-archive write: manifest.json names configs and layers by path. Layers are tars, plain as a rule,
 * so that a layer's digest is its diffID; an OCI manifest is made from them, the same one each time. The config stays byte for byte: its
 * digest is the image's id.
 */
import { createHash } from 'node:crypto';
import { digestOf } from '../content/store.js';
import { canonicalName } from '../reference/format.js';
import { parseReference } from '../reference/parse.js';
import { compressionOf } from '../spec/compression.js';
import type { DiffId, Digest } from '../spec/digest.js';
import type { Descriptor, ImageManifest } from '../spec/image.js';
import { MANIFEST_LIMIT } from '../spec/limits.js';
import { type Compression, OCI_CONFIG, OCI_MANIFEST } from '../spec/media-types.js';
import { type ArchiveFiles, readWhole } from './archive-files.js';
import { type ArchivedImage, ambiguous, notFound } from './oci-layout.js';
import { CONFIG_LIMIT, parseConfig, validated } from './parse.js';
import { dockerArchiveSchema } from './schema.js';
import { archiveInvalid } from './tar-index.js';

interface SavedImage {
  Config: string;
  RepoTags?: string[];
  Layers: string[];
}

/** Errors: ERR_TSRUN_ARCHIVE_INVALID, ERR_TSRUN_CONFIG_INVALID, ERR_TSRUN_IMAGE_NOT_FOUND, ERR_TSRUN_IMAGE_AMBIGUOUS. */
export async function openDockerArchive(files: ArchiveFiles, ref: string | undefined): Promise<ArchivedImage> {
  if ((await files.size('manifest.json')) === undefined) throw archiveInvalid(files.path, 'it has no manifest.json');
  const bytes = await readWhole(files, 'manifest.json', MANIFEST_LIMIT);
  const what = `${files.path}: manifest.json`;
  const image = chooseImage(validated(dockerArchiveSchema, bytes, MANIFEST_LIMIT, what, 'ERR_TSRUN_ARCHIVE_INVALID'), files.path, ref);
  const configBytes = await readWhole(files, inArchive(image.Config), CONFIG_LIMIT);
  const config: Descriptor = { mediaType: OCI_CONFIG, digest: digestOf(configBytes), size: configBytes.length };
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

/** `alpine` and `docker.io/library/alpine:latest`; skopeo writes tags without a registry as they are. */
function meansSame(tag: string, ref: string): boolean {
  try {
    return tag === ref || canonicalName(parseReference(tag)) === canonicalName(parseReference(ref));
  } catch {
    return false;
  }
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
  return { mediaType: `application/vnd.oci.image.layer.v1.tar+${compression}`, digest: await digestOfStream(files.stream(name)), size };
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
