/** An image in a registry, as a source and as a destination. */
import { TsrunError } from '../errors.js';
import { familiarName } from '../reference/format.js';
import type { RegistryReference } from '../reference/parse.js';
import type { RegistryReader } from '../registry/client.js';
import type { PullClient } from '../registry/failover.js';
import type { RegistryWriter } from '../registry/push.js';
import type { Digest } from '../spec/digest.js';
import type { Descriptor } from '../spec/image.js';
import type { ImageDestination } from './destination.js';
import type { ImageSource } from './fetch.js';

export type SourceClient = RegistryReader & Partial<Pick<PullClient, 'distrust'>>;

/** @param top what the name led to when it was asked for: it is asked for once */
export function registrySource(
  client: SourceClient,
  ref: RegistryReference,
  top: { descriptor: Descriptor; bytes: Uint8Array },
): ImageSource {
  return {
    document: async ({ digest }) => (digest === top.descriptor.digest ? top.bytes : (await client.manifest(ref, digest)).bytes),
    blob: (descriptor, from) => client.blob(ref, descriptor, from),
    resumes: true,
    distrust: (descriptor) => client.distrust?.(ref, descriptor) ?? false,
  };
}

const BLOBS_AT_ONCE = 3;
/** Each costs a request. */
const MOUNTS = 3;

/**
 * The name comes last, when all that it leads to is there; a failure leaves blobs without a name, which the registry removes in its own time.
 * @param neighbours repositories of the same registry that may have a blob, best first
 */
export function registryDestination(
  client: RegistryWriter,
  ref: RegistryReference,
  neighbours: (digest: Digest) => readonly string[],
): ImageDestination {
  return {
    blobsAtOnce: BLOBS_AT_ONCE,
    takesAgain: true,
    async has(descriptor) {
      if (await client.hasBlob(ref, descriptor)) return true;
      for (const from of neighbours(descriptor.digest).slice(0, MOUNTS)) if (await client.mountBlob(ref, descriptor, from)) return true;
      return false;
    },
    blob: (descriptor, bytes) => client.uploadBlob(ref, descriptor, bytes),
    async document(descriptor, bytes, isTop) {
      if (isTop && ref.digest !== undefined && ref.digest !== descriptor.digest) throw otherDigest(ref, descriptor);
      if (!isTop || ref.tag === undefined) await client.putManifest(ref, descriptor.digest, descriptor, bytes);
    },
    async finish(images) {
      const { tag } = ref;
      for (const { target, bytes } of images) if (tag !== undefined) await client.putManifest(ref, tag, target, bytes);
    },
    abort: async () => undefined,
  };
}

function otherDigest(ref: RegistryReference, { digest }: Descriptor): TsrunError {
  return new TsrunError('ERR_TSRUN_REFERENCE_INVALID', `what is sent to ${familiarName(ref)} has another digest: ${digest}`, {
    subject: familiarName(ref),
    hint: 'leave the digest out, or write a tag in its place',
  });
}
