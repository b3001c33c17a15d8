/** What the specifications leave to implementations, as registries and other clients have agreed on it. */

/** Bytes of a manifest or index (distribution-spec, "Pushing Manifests": registries should accept at least so many). */
export const MANIFEST_LIMIT = 4 * 2 ** 20;

/** An index may lead to an index; nobody needs more than one such step. */
export const INDEX_DEPTH = 3;
