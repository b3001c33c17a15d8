/** Bytes of an index, manifest or image config → typed values; anything that another reader could understand differently is refused. */
import * as v from 'valibot';
import { type ErrorCode, TsrunError } from '../errors.js';
import type { Descriptor, ImageConfig, ImageIndex, ImageManifest } from '../spec/image.js';
import { MANIFEST_LIMIT } from '../spec/limits.js';
import { CONFIG_TYPES, INDEX_TYPES, LAYER_TYPES, MANIFEST_TYPES } from '../spec/media-types.js';
import { parseStrictJson } from './json.js';
import { configSchema, indexSchema, manifestSchema } from './schema.js';

/** bytes */
export const CONFIG_LIMIT = 8 * 2 ** 20;

const SCHEMA_1 = /^application\/vnd\.docker\.distribution\.manifest\.v1\+/;

/** What a descriptor leads to. ERR_TSRUN_MEDIA_TYPE for anything that is neither. */
export function roleOf({ mediaType, digest }: Descriptor): 'index' | 'manifest' {
  if (INDEX_TYPES.includes(mediaType)) return 'index';
  if (MANIFEST_TYPES.includes(mediaType)) return 'manifest';
  if (SCHEMA_1.test(mediaType)) {
    throw new TsrunError('ERR_TSRUN_MEDIA_TYPE', `${digest} is a manifest of Docker's schema 1, which is retired`, {
      subject: digest,
      hint: 'pull and push the image with a current client, which converts it',
    });
  }
  throw new TsrunError('ERR_TSRUN_MEDIA_TYPE', `${digest} is neither an image manifest nor an index, but ${mediaType}`, {
    subject: digest,
    hint: 'name a container image: other artifacts cannot be run',
  });
}

/** Errors: ERR_TSRUN_MANIFEST_INVALID. */
export function parseIndex(bytes: Uint8Array, descriptor: Descriptor): ImageIndex {
  const index = validated(indexSchema, bytes, MANIFEST_LIMIT, `index ${descriptor.digest}`, 'ERR_TSRUN_MANIFEST_INVALID');
  assertMediaType(index.mediaType, descriptor);
  const { config: _config, layers: _layers, fsLayers: _fsLayers, ...rest } = index;
  return rest;
}

/** Errors: ERR_TSRUN_MANIFEST_INVALID; ERR_TSRUN_MEDIA_TYPE for artifacts and for layers that tsrun cannot unpack. */
export function parseManifest(bytes: Uint8Array, descriptor: Descriptor): ImageManifest {
  const manifest = manifestOf(bytes, descriptor);
  assertIsImage(manifest, descriptor);
  for (const layer of manifest.layers) assertLayerType(layer);
  return manifest;
}

/**
 * What is only passed on may be an artifact: an attestation that stands in an index beside the image, for one.
 * Errors: ERR_TSRUN_MANIFEST_INVALID; ERR_TSRUN_MEDIA_TYPE for layers that are not where the image is.
 */
export function parseSomeManifest(bytes: Uint8Array, descriptor: Descriptor): ImageManifest {
  const manifest = manifestOf(bytes, descriptor);
  for (const layer of manifest.layers) if (isForeign(layer)) assertLayerType(layer);
  return manifest;
}

function manifestOf(bytes: Uint8Array, descriptor: Descriptor): ImageManifest {
  const manifest = validated(manifestSchema, bytes, MANIFEST_LIMIT, `manifest ${descriptor.digest}`, 'ERR_TSRUN_MANIFEST_INVALID');
  assertMediaType(manifest.mediaType, descriptor);
  const { manifests: _manifests, fsLayers: _fsLayers, ...rest } = manifest;
  return rest;
}

/** Errors: ERR_TSRUN_CONFIG_INVALID. @param layers how many the manifest has */
export function parseConfig(bytes: Uint8Array, descriptor: Descriptor, layers: number): ImageConfig {
  const what = `image config ${descriptor.digest}`;
  const config = validated(configSchema, bytes, CONFIG_LIMIT, what, 'ERR_TSRUN_CONFIG_INVALID');
  const { length } = config.rootfs.diff_ids;
  if (length !== layers) throw invalid('ERR_TSRUN_CONFIG_INVALID', what, `rootfs.diff_ids: has ${length} entries for ${layers} layers`);
  return config;
}

/** Parses and checks any document of image-spec's family. The message names the first member at fault. */
export function validated<const S extends v.GenericSchema>(
  schema: S,
  bytes: Uint8Array,
  limit: number,
  what: string,
  code: ErrorCode,
): v.InferOutput<S> {
  const result = v.safeParse(schema, parseStrictJson(bytes, limit, what, code), { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = v.getDotPath(issue);
  throw invalid(code, what, `${path === null ? '' : `${path.slice(0, 200)}: `}${reasonOf(issue)}`);
}

/** A missing member is an issue of the object around it, in valibot's own words. */
function reasonOf(issue: v.BaseIssue<unknown>): string {
  if (issue.received === 'undefined') return 'is missing';
  return issue.type === 'object' ? 'must be an object' : issue.message;
}

function invalid(code: ErrorCode, what: string, reason: string): TsrunError {
  return new TsrunError(code, `${what} is not valid: ${reason}`, { subject: what, hint: 'it must be built or pushed again' });
}

/** image-spec: mediaType, where present, must be the descriptor's; Docker's documents always carry it. */
function assertMediaType(found: string | undefined, { mediaType, digest }: Descriptor): void {
  if (found === mediaType || (found === undefined && mediaType.startsWith('application/vnd.oci.'))) return;
  throw invalid('ERR_TSRUN_MANIFEST_INVALID', digest, `it says it is ${found ?? 'of no media type'}, its descriptor says ${mediaType}`);
}

function assertIsImage({ config }: ImageManifest, { digest, artifactType }: Descriptor): void {
  if (CONFIG_TYPES.includes(config.mediaType)) return;
  throw new TsrunError('ERR_TSRUN_MEDIA_TYPE', `${digest} is not a container image but an artifact (${artifactType ?? config.mediaType})`, {
    subject: digest,
    hint: 'name a container image: other artifacts cannot be run',
  });
}

function isForeign({ mediaType }: Descriptor): boolean {
  return /foreign|nondistributable/.test(mediaType);
}

function assertLayerType(layer: Descriptor): void {
  const { mediaType, digest } = layer;
  const foreign = isForeign(layer);
  if (Object.hasOwn(LAYER_TYPES, mediaType) && !foreign) return;
  throw new TsrunError('ERR_TSRUN_MEDIA_TYPE', `layer ${digest} has the ${foreign ? 'foreign' : 'unknown'} media type ${mediaType}`, {
    subject: digest,
    hint: foreign
      ? 'its content is distributed apart from registries: build the image on a base without such layers'
      : 'build the image with layers of tar, tar+gzip or tar+zstd',
  });
}
