/** `oci:DIR[:TAG]`: an image layout in a directory, a new one or one that is added to. */
import { TsrunError } from '../errors.js';
import type { Descriptor } from '../spec/image.js';
import { MANIFEST_LIMIT } from '../spec/limits.js';
import type { ImageDestination } from './destination.js';
import { FilledDirectory, namesIn } from './filled-directory.js';
import { entriesOf, indexText, LAYOUT_FILE, LAYOUT_TEXT, withEntries } from './layout-index.js';
import { blobName } from './oci-layout.js';
import { validated } from './parse.js';
import { indexSchema, layoutSchema } from './schema.js';
import { assertOneName } from './tar-destination.js';

const INDEX = 'index.json';

/**
 * @param ref the image's name in it, in place of those that it has
 * @throws ERR_TSRUN_FILE_EXISTS for a directory with other things, ERR_TSRUN_ARCHIVE_INVALID for a layout that cannot be read, ERR_TSRUN_OUTPUT
 */
export async function layoutDestination(path: string, ref: string | undefined, signal: AbortSignal | undefined): Promise<ImageDestination> {
  const names = (await namesIn(path)) ?? [];
  if (names.length > 0 && !names.includes(LAYOUT_FILE)) throw otherThings(path, 'no image layout');
  const directory = await FilledDirectory.open(path, false, signal);
  try {
    if (names.length > 0) await readIndex(directory);
  } catch (error) {
    await directory.abort();
    throw error;
  }
  const isThere = async (descriptor: Descriptor) => (await directory.size(blobName(descriptor))) === descriptor.size;
  return {
    blobsAtOnce: 3,
    has: isThere,
    blob: (descriptor, bytes) => directory.write(blobName(descriptor), bytes),
    // Small enough to be written again: what was there may be damaged.
    document: (descriptor, bytes) => directory.write(blobName(descriptor), bytes),
    async finish(images) {
      assertOneName(images, ref);
      const entries = entriesOf(images, ref);
      if ((await directory.size(LAYOUT_FILE)) === undefined) await directory.write(LAYOUT_FILE, Buffer.from(LAYOUT_TEXT));
      const index = await readIndex(directory);
      const text = index === undefined ? indexText(entries) : JSON.stringify(withEntries(index, entries));
      await directory.write(INDEX, Buffer.from(text));
      await directory.commit();
    },
    abort: () => directory.abort(),
  };
}

/** As it is written, with all that others have put there; undefined when there is none yet. */
async function readIndex(directory: FilledDirectory): Promise<{ manifests: Descriptor[] } | undefined> {
  const read = async (name: string, schema: typeof indexSchema | typeof layoutSchema) => {
    const bytes = await directory.read(name);
    validated(schema, bytes, MANIFEST_LIMIT, `${directory.path}: ${name}`, 'ERR_TSRUN_ARCHIVE_INVALID');
    return bytes;
  };
  if ((await directory.size(LAYOUT_FILE)) !== undefined) await read(LAYOUT_FILE, layoutSchema);
  if ((await directory.size(INDEX)) === undefined) return undefined;
  return JSON.parse((await read(INDEX, indexSchema)).toString('utf8')) as { manifests: Descriptor[] };
}

export function otherThings(path: string, what: string): TsrunError {
  return new TsrunError('ERR_TSRUN_FILE_EXISTS', `${path} is a directory with other things in it, and ${what}`, {
    subject: path,
    hint: 'name a directory that does not exist or is empty',
  });
}
