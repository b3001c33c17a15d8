/** image-spec image-layout.md, in a directory or a tar: which of its images, and where its blobs are. */
import { TsrunError } from '../errors.js';
import type { ArchiveReference } from '../reference/parse.js';
import { hexOf } from '../spec/digest.js';
import type { Descriptor, Platform } from '../spec/image.js';
import { MANIFEST_LIMIT } from '../spec/limits.js';
import { type ArchiveFiles, readWhole } from './archive-files.js';
import type { ImageSource } from './fetch.js';
import { validated } from './parse.js';
import { choosePlatform } from './platform.js';
import { indexSchema, layoutSchema } from './schema.js';

export interface ArchivedImage {
  target: Descriptor;
  source: ImageSource;
}

/** image-spec annotations.md: a tag as a rule, the whole name by podman. */
export const REF_NAME = 'org.opencontainers.image.ref.name';
/** The whole name: containerd's, and docker's. */
export const CONTAINERD_NAME = 'io.containerd.image.name';

/** All that a layout names, and its blobs. Errors: ERR_TSRUN_ARCHIVE_INVALID. */
export async function readLayout(files: ArchiveFiles): Promise<{ entries: Descriptor[]; source: ImageSource }> {
  const read = async (name: string) => readWhole(files, name, MANIFEST_LIMIT);
  const what = (name: string) => `${files.path}: ${name}`;
  validated(layoutSchema, await read('oci-layout'), MANIFEST_LIMIT, what('oci-layout'), 'ERR_TSRUN_ARCHIVE_INVALID');
  const index = validated(indexSchema, await read('index.json'), MANIFEST_LIMIT, what('index.json'), 'ERR_TSRUN_ARCHIVE_INVALID');
  const source: ImageSource = {
    document: (descriptor) => readWhole(files, blobName(descriptor), MANIFEST_LIMIT),
    blob: (descriptor) => files.stream(blobName(descriptor)),
    holds: async (descriptor) => (await files.size(blobName(descriptor))) !== undefined,
  };
  return { entries: index.manifests, source };
}

/** Errors: ERR_TSRUN_ARCHIVE_INVALID, ERR_TSRUN_IMAGE_NOT_FOUND, ERR_TSRUN_IMAGE_AMBIGUOUS, ERR_TSRUN_PLATFORM_MISSING. */
export async function openLayout(files: ArchiveFiles, wanted: Wanted, platform: Platform | undefined): Promise<ArchivedImage> {
  const { entries, source } = await readLayout(files);
  return { target: chooseTarget(entries, files.path, wanted, platform), source };
}

/** Which of several. */
type Wanted = Pick<ArchiveReference, 'ref' | 'digest'>;

export function blobName({ digest }: Pick<Descriptor, 'digest'>): string {
  return `blobs/sha256/${hexOf(digest)}`;
}

function chooseTarget(all: Descriptor[], path: string, { ref, digest }: Wanted, platform: Platform | undefined): Descriptor {
  const isMeant = (entry: Descriptor) =>
    digest === undefined ? ref === undefined || namesOf(entry).includes(ref) : entry.digest === digest;
  const candidates = all.filter(isMeant);
  if (candidates.length === 0) throw notFound(path, ref ?? digest, [...new Set(all.flatMap(namesOf))]);
  const target = oneImage(candidates, path, platform);
  if (target === undefined) throw ambiguous(path, [...new Set(candidates.flatMap(namesOf))]);
  return target;
}

/** Several entries of one name, or without any, are one image for several platforms when each says for which. Undefined: they are several images. */
export function oneImage(entries: readonly Descriptor[], path: string, platform: Platform | undefined): Descriptor | undefined {
  const candidates = [...new Map(entries.map((entry) => [entry.digest, entry])).values()];
  if (candidates.length === 1) return candidates[0];
  const isOneImage =
    candidates.every((entry) => entry.platform !== undefined) && new Set(candidates.map((entry) => namesOf(entry).join(' '))).size === 1;
  return isOneImage ? choosePlatform({ schemaVersion: 2, manifests: candidates }, platform, path) : undefined;
}

export function namesOf({ annotations }: Descriptor): string[] {
  return [CONTAINERD_NAME, REF_NAME].flatMap((key) => annotations?.[key] ?? []);
}

export function notFound(path: string, ref: string | undefined, names: string[]): TsrunError {
  const message = ref === undefined ? `${path} holds no image` : `${path} holds no image ${ref}`;
  return new TsrunError('ERR_TSRUN_IMAGE_NOT_FOUND', names.length === 0 ? message : `${message}, only ${shown(names)}`, {
    subject: path,
    hint:
      names.length === 0 ? 'choose another archive' : 'name one of them after a second colon, or leave the name out if it is the only one',
  });
}

export function ambiguous(path: string, names: string[]): TsrunError {
  return new TsrunError('ERR_TSRUN_IMAGE_AMBIGUOUS', `${path} holds several images: ${shown(names)}`, {
    subject: path,
    hint: 'name one of them after a second colon',
  });
}

/** Names come from the archive and may reach a terminal. */
function shown(names: string[]): string {
  const list = names.slice(0, 20).map((name) => name.slice(0, 200).replace(/\p{Cc}/gu, '?'));
  return list.length === 0 ? 'without names' : list.join(', ');
}
