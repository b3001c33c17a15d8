/**
 * `dir:`, the layout of containers/image (its directory transport): one image as manifest.json, a file for each blob named by the hex digits of
 * its digest, and what an index names as HEX.manifest.json. Signatures are no part of an image here.
 */
import { digestOf } from '../content/store.js';
import { hexOf } from '../spec/digest.js';
import type { Descriptor } from '../spec/image.js';
import { MANIFEST_LIMIT } from '../spec/limits.js';
import { OCI_INDEX, OCI_MANIFEST } from '../spec/media-types.js';
import { type ArchiveFiles, readWhole } from './archive-files.js';
import type { ArchivedImage } from './oci-layout.js';
import { validated } from './parse.js';
import { someDocumentSchema } from './schema.js';
import { archiveInvalid } from './tar-index.js';

export const VERSION_FILE = 'version';
/** 1.1: blobs without an ending. Versions of the same first number are read alike. */
export const VERSION = 'Directory Transport Version: 1.1\n';
const READABLE = /^Directory Transport Version: 1\.[0-9]+\s*$/;

/** What the target is not called. */
export const TOP = 'manifest.json';

/** The file of an index's manifest. */
export function documentName({ digest }: Descriptor): string {
  return `${hexOf(digest)}.${TOP}`;
}

/** Errors: ERR_TSRUN_ARCHIVE_INVALID. */
export async function openDirectoryImage(files: ArchiveFiles): Promise<ArchivedImage> {
  if ((await files.size(VERSION_FILE)) !== undefined) {
    const version = await readWhole(files, VERSION_FILE, 1000);
    if (!READABLE.test(version.toString('latin1'))) throw archiveInvalid(files.path, 'its version is none that can be read');
  }
  const bytes = await readWhole(files, TOP, MANIFEST_LIMIT);
  const what = `${files.path}: ${TOP}`;
  const { mediaType, manifests } = validated(someDocumentSchema, bytes, MANIFEST_LIMIT, what, 'ERR_TSRUN_ARCHIVE_INVALID');
  // image-spec leaves it to the descriptor, which is not here.
  const target = {
    mediaType: mediaType ?? (manifests === undefined ? OCI_MANIFEST : OCI_INDEX),
    digest: digestOf(bytes),
    size: bytes.length,
  };
  const nameOf = (descriptor: Descriptor) => (descriptor.digest === target.digest ? TOP : documentName(descriptor));
  return {
    target,
    source: {
      document: (descriptor) => readWhole(files, nameOf(descriptor), MANIFEST_LIMIT),
      blob: ({ digest }) => files.stream(hexOf(digest)),
      holds: async (descriptor) => (await files.size(nameOf(descriptor))) !== undefined,
    },
  };
}
