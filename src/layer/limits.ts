/** What one layer may cost. Far above any image seen in practice; reached, it is ERR_TSRUN_LAYER_LIMIT and the unpacking ends there. */
export interface Limits {
  /** Bytes of the uncompressed tar. */
  totalBytes: number;
  /** Uncompressed bytes for each compressed byte read so far; gzip's own maximum is 1032, zstd has none. */
  ratio: number;
  /** The ratio counts only above this many uncompressed bytes: a zeroed database file compresses very well. */
  ratioFrom: number;
  entries: number;
  /** Components of a name, links resolved. */
  depth: number;
  /** Bytes of a name or link target: one less than the kernel's PATH_MAX, which counts the NUL. */
  nameBytes: number;
  /** Bytes of one GNU long name or PAX header. */
  extensionBytes: number;
  /** Extended attributes of one entry: the kernel lists no more than 64 KiB of names (xattr(7)). */
  attributes: number;
  /** Pieces of one sparse file. */
  extents: number;
  /** Bytes of names that must be remembered until the end of the layer (directory times, what this layer brought). */
  rememberedBytes: number;
}

export const LIMITS: Readonly<Limits> = {
  totalBytes: 64 * 2 ** 30,
  ratio: 400,
  ratioFrom: 400 * 2 ** 20,
  entries: 1_000_000,
  depth: 1024,
  nameBytes: 4095,
  extensionBytes: 2 ** 20,
  attributes: 1000,
  extents: 100_000,
  rememberedBytes: 128 * 2 ** 20,
};
