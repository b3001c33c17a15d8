/** An image as its registry describes it: manifest and config are read, and nothing is kept. */
import { canonicalName } from '../reference/format.js';
import type { RegistryReference } from '../reference/parse.js';
import type { Platform } from '../spec/image.js';
import { assembleImage, assertPlatform, type Image, resolveManifest } from './image.js';
import { registrySource, type SourceClient } from './registry-image.js';
import { verifiedDocument, verifiedWhole } from './verified.js';

/** Errors: the client's, and those of the documents (as pullImage's). */
export async function readRemote(client: SourceClient, ref: RegistryReference, platform: Platform | undefined): Promise<Image> {
  const name = canonicalName(ref);
  const top = await client.manifest(ref, ref.digest ?? ref.tag ?? 'latest');
  const source = registrySource(client, ref, top);
  const found = await resolveManifest(name, top.descriptor, platform, (descriptor, limit) =>
    verifiedDocument(source.document(descriptor), descriptor, limit),
  );
  const image = await assembleImage(name, top.descriptor, found, (descriptor, limit) => verifiedWhole(source, descriptor, limit));
  assertPlatform(image, platform);
  return image;
}
