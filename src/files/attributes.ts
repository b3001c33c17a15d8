/** Extended attributes of a file, as a tar carries them. */
import { errnoOf } from '../errors.js';
import type { EntryType } from '../layer/tar/entry.js';
import { isOverlays } from '../layer/xattr.js';
import { getxattr, listxattr } from '../sys/files.js';

const CAPABILITY = 'security.capability';

export interface Attribute {
  /** latin1: one character for each byte. */
  name: string;
  value: Buffer;
}

/**
 * A file's capabilities and, if wanted, all that is the user's; in the order of their names, which the kernel does not keep. Overlay's own say
 * how the tree is kept, not what is in it.
 * @param path of a descriptor
 * @param type the kernel has the user's on files and directories alone (xattr(7))
 */
export function carriedAttributes(path: string, type: EntryType, users: boolean): Attribute[] {
  if (type !== 'file' && type !== 'directory') return [];
  const names = users ? unlessNone(() => listxattr(path), []).map((name) => name.toString('latin1')) : type === 'file' ? [CAPABILITY] : [];
  return names
    .filter((name) => name === CAPABILITY || (name.startsWith('user.') && !isOverlays(name)))
    .sort((a, b) => (a < b ? -1 : 1))
    .flatMap((name) => {
      const value = unlessNone(() => getxattr(path, Buffer.from(name, 'latin1')), undefined);
      return value === undefined ? [] : [{ name, value }];
    });
}

/** It has none, or its file system has none. */
function unlessNone<T, Other>(read: () => T, none: Other): T | Other {
  try {
    return read();
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return none;
  }
}
