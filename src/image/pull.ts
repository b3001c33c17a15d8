/** A pull: the tag is resolved once, everything below it is fetched by digest, and the reference is written last. */
import { Lease } from '../content/lease.js';
import { type Keep, putRef } from '../content/refs.js';
import type { StorePaths } from '../paths.js';
import { canonicalName } from '../reference/format.js';
import type { RegistryReference } from '../reference/parse.js';
import type { Descriptor } from '../spec/image.js';
import { type FetchImageOptions, fetchImage, type ImageSource, type StoreSession } from './fetch.js';
import type { Image } from './image.js';
import { roleOf } from './parse.js';
import { registrySource, type SourceClient } from './registry-image.js';

export interface PullSession extends StoreSession {
  client: SourceClient;
}

export interface PullImageOptions extends FetchImageOptions {
  /** Of an index all that it names, for whatever machine. */
  allPlatforms?: boolean | undefined;
}

/**
 * Pulls an image, whatever the store holds under its name (that policy is the caller's).
 * Errors: the client's, ContentStore.fetchOnce's, and those of the documents: ERR_TSRUN_MANIFEST_INVALID, ERR_TSRUN_CONFIG_INVALID,
 * ERR_TSRUN_MEDIA_TYPE, ERR_TSRUN_PLATFORM_MISSING. After any of them the reference is what it was before.
 */
export async function pullImage(session: PullSession, ref: RegistryReference, options: PullImageOptions = {}): Promise<Image> {
  const { paths, store, client } = session;
  const name = canonicalName(ref);
  await store.init();
  using lease = new Lease(paths);
  options.onProgress?.({ type: 'resolve', reference: name });
  const resolved = await client.manifest(ref, ref.digest ?? ref.tag ?? 'latest');
  roleOf(resolved.descriptor);
  const source = registrySource(client, ref, resolved);
  const image = await fetchImage(session, lease, name, resolved.descriptor, source, options);
  if (options.allPlatforms) await fetchRest(session, lease, name, resolved.descriptor, source, options);
  await nameImage(paths, ref, name, resolved.descriptor);
  options.onProgress?.({ type: 'done', reference: name, digest: resolved.descriptor.digest });
  return image;
}

/** What of it is for other machines: as a copy into the store, which finds this machine's there. */
async function fetchRest(
  session: StoreSession,
  lease: Lease,
  name: string,
  target: Descriptor,
  source: ImageSource,
  { signal, onProgress }: PullImageOptions,
): Promise<void> {
  const [{ sendImage }, { storeDestination }] = await Promise.all([import('./destination.js'), import('./store-destination.js')]);
  await sendImage(source, target, storeDestination(session, lease, signal), {
    name,
    platform: 'all',
    signal,
    onProgress: (event) => {
      if (event.type === 'upload') onProgress?.({ ...event, type: 'download' });
      if (event.type === 'uploaded') onProgress?.({ ...event, type: 'downloaded' });
    },
  });
}

/** An image that loses its tag to a newer one keeps a name by digest, so that it can still be run, listed and removed. */
async function nameImage(paths: StorePaths, ref: RegistryReference, name: string, target: Descriptor): Promise<void> {
  const { tag: _tag, ...repository } = ref;
  const keep: Keep = ({ digest }) => (ref.digest === undefined ? canonicalName({ ...repository, digest }) : undefined);
  await putRef(paths, name, target, { keep, pulled: true });
}
