/** Images that are made here: layers, config and manifest into the store, and a name for them last. */

import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import type { Lease } from '../content/lease.js';
import { putRef } from '../content/refs.js';
import { canonicalName } from '../reference/format.js';
import type { DiffId, Digest } from '../spec/digest.js';
import type { Descriptor, ImageManifest } from '../spec/image.js';
import { MANIFEST_LIMIT } from '../spec/limits.js';
import { LAYER_TYPES, OCI_CONFIG, OCI_MANIFEST } from '../spec/media-types.js';
import type { StoreSession } from './fetch.js';
import { assembleImage, type Image } from './image.js';
import { CONFIG_LIMIT, parseConfig } from './parse.js';
import { moveName, parseTag, untaggedName } from './tag.js';

export interface MadeLayer {
  descriptor: Descriptor;
  diffId: DiffId;
}

const OCI_LAYER = 'application/vnd.oci.image.layer.v1.tar';
export const OCI_LAYER_TYPES = { none: OCI_LAYER, gzip: `${OCI_LAYER}+gzip`, zstd: `${OCI_LAYER}+zstd` } as const;

/** zlib's own default, as docker's and podman's; said, so that the same tar makes the same blob. */
const LEVEL = 6;
const CHUNK = 256 * 1024;

/** Compresses a tar into the store. @throws what store.add throws */
export async function storeTar(
  { store }: StoreSession,
  lease: Lease,
  tar: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<MadeLayer> {
  const hash = createHash('sha256');
  const digested = async function* () {
    for await (const piece of tar) {
      hash.update(piece);
      yield piece;
    }
  };
  const added = await store.add('a layer', compressed(digested()), (digest) => lease.protect([digest], signal), { signal });
  return { descriptor: { mediaType: OCI_LAYER_TYPES.gzip, ...added }, diffId: `sha256:${hash.digest('hex')}` as DiffId };
}

/** gzip's header has neither a time nor a name. */
async function* compressed(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const gzip = createGzip({ level: LEVEL, chunkSize: CHUNK });
  const source = Readable.from(pieces, { objectMode: false });
  source.once('error', (error) => gzip.destroy(error));
  try {
    yield* source.pipe(gzip) as AsyncIterable<Buffer>;
  } finally {
    source.destroy();
    gzip.destroy();
  }
}

/** Of whatever family it was pulled: the bytes stay, and an OCI manifest names them in OCI's words. */
export function asOciLayer({ mediaType, digest, size, annotations }: Descriptor): Descriptor {
  const compression = LAYER_TYPES[mediaType] ?? 'none';
  return { mediaType: OCI_LAYER_TYPES[compression], digest, size, ...(annotations ? { annotations } : {}) };
}

/** The config and manifest of an image whose layers are in the store; checked as those of a stranger are. @throws ERR_TSRUN_CONFIG_INVALID */
export async function storeImage(session: StoreSession, lease: Lease, config: object, layers: readonly Descriptor[]): Promise<Image> {
  const { store } = session;
  const configBytes = Buffer.from(JSON.stringify(config));
  const added = await addBytes(session, lease, configBytes);
  const configDescriptor = { mediaType: OCI_CONFIG, ...added };
  parseConfig(configBytes, configDescriptor, layers.length);
  const manifest: ImageManifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config: configDescriptor, layers: [...layers] };
  const descriptor = { mediaType: OCI_MANIFEST, ...(await addBytes(session, lease, Buffer.from(JSON.stringify(manifest)))) };
  const name = untaggedName(descriptor.digest);
  return assembleImage(name, descriptor, { descriptor, manifest }, (each) => store.readBytes(each, Math.max(MANIFEST_LIMIT, CONFIG_LIMIT)));
}

async function addBytes({ store }: StoreSession, lease: Lease, bytes: Buffer): Promise<{ digest: Digest; size: number }> {
  const once = async function* () {
    yield bytes;
  };
  return store.add('a document', once(), (digest) => lease.protect([digest]));
}

/** The canonical name of what is called so; undefined without one. @throws ERR_TSRUN_REFERENCE_INVALID */
export function nameFor(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : canonicalName(parseTag(text));
}

/** The last step. What had the name so far keeps its digest. @param name of nameFor; without one the image is known by its digest */
export async function nameMade(session: StoreSession, image: Image, name: string | undefined): Promise<Image> {
  if (name === undefined) {
    await putRef(session.paths, image.name, image.target);
    return image;
  }
  await moveName(session, name, image.target);
  return { ...image, name };
}
