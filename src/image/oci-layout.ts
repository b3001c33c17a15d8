/** image-spec image-layout.md, in a directory or a tar: which of its images, and where its blobs are. */
import { TsrunError } from '../errors.js';
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

const NAME_ANNOTATIONS = ['org.opencontainers.image.ref.name', 'io.containerd.image.name'];

/** Errors: ERR_TSRUN_ARCHIVE_INVALID, ERR_TSRUN_IMAGE_NOT_FOUND, ERR_TSRUN_IMAGE_AMBIGUOUS, ERR_TSRUN_PLATFORM_MISSING. */
export async function openLayout(files: ArchiveFiles, ref: string | undefined, platform: Platform | undefined): Promise<ArchivedImage> {
  const read = async (name: string) => readWhole(files, name, MANIFEST_LIMIT);
  const what = (name: string) => `${files.path}: ${name}`;
  validated(layoutSchema, await read('oci-layout'), MANIFEST_LIMIT, what('oci-layout'), 'ERR_TSRUN_ARCHIVE_INVALID');
  const index = validated(indexSchema, await read('index.json'), MANIFEST_LIMIT, what('index.json'), 'ERR_TSRUN_ARCHIVE_INVALID');
  const target = chooseTarget(index.manifests, files.path, ref, platform);
  return {
    target,
    source: {
      document: (descriptor) => readWhole(files, blobName(descriptor), MANIFEST_LIMIT),
      blob: (descriptor) => files.stream(blobName(descriptor)),
    },
  };
}

function blobName({ digest }: Descriptor): string {
  return `blobs/sha256/${hexOf(digest)}`;
}

/** Several entries of one name, or without any, are one image for several platforms when each says for which. */
function chooseTarget(all: Descriptor[], path: string, ref: string | undefined, platform: Platform | undefined): Descriptor {
  const named = ref === undefined ? all : all.filter((entry) => namesOf(entry).includes(ref));
  const candidates = [...new Map(named.map((entry) => [entry.digest, entry])).values()];
  const [only] = candidates;
  if (only === undefined) throw notFound(path, ref, [...new Set(all.flatMap(namesOf))]);
  if (candidates.length === 1) return only;
  const isOneImage = candidates.every((entry) => entry.platform !== undefined) && new Set(candidates.flatMap(namesOf)).size <= 1;
  if (isOneImage) return choosePlatform({ schemaVersion: 2, manifests: candidates }, platform, path);
  throw ambiguous(path, [...new Set(candidates.flatMap(namesOf))]);
}

function namesOf({ annotations }: Descriptor): string[] {
  return NAME_ANNOTATIONS.flatMap((key) => annotations?.[key] ?? []);
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
