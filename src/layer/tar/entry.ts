/** One member of a tar archive, with everything that extended headers said about it. Names are bytes, exactly as stored. */
export interface TarEntry {
  type: EntryType;
  name: Buffer;
  /** Target of a symlink or hard link; empty for other types. */
  link: Buffer;
  /** Permission bits, 0…0o7777. */
  mode: number;
  /** 0…2^32-1 */
  uid: number;
  gid: number;
  /** Nanoseconds since 1970. */
  mtime: bigint;
  atime: bigint | undefined;
  /** Bytes of the file once it is unpacked (with its holes); 0 for other types. */
  size: number;
  /** Of a sparse file: where its stored bytes belong, in order. */
  extents: Extent[] | undefined;
  major: number;
  minor: number;
  /** Extended attributes; the name is latin1, one character for each byte. */
  xattrs: { name: string; value: Buffer }[];
  /** Access control lists and the like that this reader does not carry, by attribute name. */
  uncarried: string[];
}

export type EntryType = 'file' | 'directory' | 'symlink' | 'hardlink' | 'fifo' | 'character' | 'block';

export interface Extent {
  offset: number;
  length: number;
}
