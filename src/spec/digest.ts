/** Digests of the OCI image-spec ("Descriptors", section Digests). Only sha256 is accepted: nothing else is registered and verified here. */

declare const brand: unique symbol;
type Brand<Name extends string> = string & { readonly [brand]: Name };

/** `sha256:` and 64 lower-case hex digits: the digest of a blob's bytes. */
export type Digest = Brand<'Digest'>;
/** The digest of a layer's uncompressed tar (image-spec config, `rootfs.diff_ids`). */
export type DiffId = Brand<'DiffId'>;
/** The digest that names a stack of layers (image-spec config, "Layer ChainID"). */
export type ChainId = Brand<'ChainId'>;

const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** True for a digest in the strict grammar; anything else must never become part of a path. */
export function isDigest(text: unknown): text is Digest {
  return typeof text === 'string' && DIGEST.test(text);
}

export function isDiffId(text: unknown): text is DiffId {
  return typeof text === 'string' && DIGEST.test(text);
}

/** The 64 hex digits. */
export function hexOf(digest: Digest | DiffId | ChainId): string {
  return digest.slice('sha256:'.length);
}
