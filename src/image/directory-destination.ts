/** `dir:DIR`, as containers/image has it (see directory-image.ts): one image, which takes the place of the one that was there. */
import { TsrunError } from '../errors.js';
import { hexOf } from '../spec/digest.js';
import type { ImageDestination } from './destination.js';
import { documentName, TOP, VERSION, VERSION_FILE } from './directory-image.js';
import { FilledDirectory, namesIn } from './filled-directory.js';
import { otherThings } from './layout-destination.js';

/** What such a directory holds, signatures too. */
const OWN = /^(?:version|(?:[0-9a-f]{64}\.)?manifest\.json|[0-9a-f]{64}|(?:[0-9a-f]{64}\.)?signature-[0-9]+)$/;

/** @throws ERR_TSRUN_FILE_EXISTS for a directory with other things, ERR_TSRUN_OUTPUT */
export async function directoryDestination(path: string, signal: AbortSignal | undefined): Promise<ImageDestination> {
  const names = (await namesIn(path)) ?? [];
  const isOne = names.includes(VERSION_FILE) && names.every((name) => OWN.test(name));
  if (names.length > 0 && !isOne) throw otherThings(path, 'no image');
  const directory = await FilledDirectory.open(path, names.length > 0, signal);
  const there = new Set<string>();
  return {
    blobsAtOnce: 3,
    has: async ({ digest }) => there.has(digest),
    async blob(descriptor, bytes) {
      await directory.write(hexOf(descriptor.digest), bytes);
      there.add(descriptor.digest);
    },
    document: (descriptor, bytes, isTop) => directory.write(isTop ? TOP : documentName(descriptor), bytes),
    async finish(images) {
      if (new Set(images.map(({ target }) => target.digest)).size > 1) {
        throw new TsrunError('ERR_TSRUN_USAGE', `a directory of this kind holds one image, not ${images.length}`, {
          subject: path,
          hint: 'write them to a layout: oci-dir, or oci:DIR for each',
        });
      }
      await directory.write(VERSION_FILE, Buffer.from(VERSION));
      await directory.commit();
    },
    abort: () => directory.abort(),
  };
}
