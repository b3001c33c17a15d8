/** One entry out of its header and what PAX and GNU extensions say about it: which of them counts, and what no entry may be. */
import { invalid } from '../fault.js';
import type { EntryType, TarEntry } from './entry.js';
import { type Header, parseDevice, parseFields } from './header.js';
import { parseCount } from './number.js';
import type { PaxAttributes } from './pax.js';
import type { TarLimits } from './reader.js';
import { paxSparse } from './sparse.js';

/** What the extension headers before one entry said. */
export interface Extensions {
  pax?: PaxAttributes;
  longName?: Buffer;
  longLink?: Buffer;
  /** Set for PAX 1.0 sparse files: the map is the beginning of the data. */
  mapBeforeData?: boolean;
}

const TYPES: Readonly<Record<string, EntryType>> = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  S: 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'character',
  '4': 'block',
  '5': 'directory',
  '6': 'fifo',
};

const BILLION = 1_000_000_000n;
const REAL_SIZE = 483;
/** The largest is (uid_t)-1, which chown(2) takes for "leave as it is". */
const LARGEST_ID = 2 ** 32 - 2;

export function assemble(header: Header, extensions: Extensions, globals: PaxAttributes, limits: TarLimits): TarEntry {
  const declared = TYPES[header.typeflag];
  if (declared === undefined) throw invalid(`an entry has the unknown type ${JSON.stringify(header.typeflag)}`);
  const { pax, longName, longLink } = extensions;
  if ((longName && pax?.path) || (longLink && pax?.linkpath)) throw invalid('an entry has both a GNU and a PAX long name');

  const fields = parseFields(header);
  const sparse = sparseOf(header, extensions, limits);
  const name = sparse?.name ?? pax?.path ?? longName ?? fields.name;
  const link = declared === 'symlink' || declared === 'hardlink' ? (pax?.linkpath ?? longLink ?? fields.link) : Buffer.alloc(0);
  const size = pax?.size ?? header.size;
  const type = typeOf(declared, header, name, size);
  if (name.length === 0) throw invalid('an entry has an empty name');
  if (link.length === 0 && (type === 'symlink' || type === 'hardlink')) throw invalid('a link has an empty target', name);

  const device = type === 'character' || type === 'block' ? parseDevice(header) : { major: 0, minor: 0 };
  return {
    type,
    name,
    link,
    mode: fields.mode,
    uid: idOf(pax?.uid ?? globals.uid ?? fields.uid, 'uid', name),
    gid: idOf(pax?.gid ?? globals.gid ?? fields.gid, 'gid', name),
    mtime: pax?.mtime ?? globals.mtime ?? BigInt(fields.mtime) * BILLION,
    atime: pax?.atime ?? globals.atime,
    size: type === 'file' ? (sparse?.size ?? size) : 0,
    extents: sparse?.extents,
    ...device,
    xattrs: [...(pax?.xattrs ?? [])].map(([name, value]) => ({ name, value })),
    uncarried: [...globals.uncarried, ...(pax?.uncarried ?? [])],
  };
}

/**
 * Only files have data. A hard link's size is that of its file and nothing follows (GNU tar, Go and Python agree); on other types a size is
 * skipped by some readers and not by others. The seventh edition's tar marks a directory by a slash at the end of the name.
 */
function typeOf(declared: EntryType, header: Header, name: Buffer, size: number): EntryType {
  const isDirectoryByName = declared === 'file' && header.typeflag !== 'S' && name[name.length - 1] === 0x2f;
  const type = isDirectoryByName ? 'directory' : declared;
  if (type !== 'file' && type !== 'hardlink' && size !== 0) throw invalid(`a ${type} has a size`, name);
  return type;
}

/** extents is empty where the map is still to be read. */
function sparseOf(
  header: Header,
  extensions: Extensions,
  limits: TarLimits,
): (Pick<TarEntry, 'size' | 'extents'> & { name?: Buffer }) | undefined {
  const inPax = paxSparse(extensions.pax?.sparse ?? [], limits.extents);
  if (header.typeflag === 'S') {
    if (header.format !== 'gnu' || inPax !== undefined) throw invalid('an old sparse file stands in a header that is not GNU');
    return { size: parseCount(header.block, REAL_SIZE, 12, 'sparse size'), extents: [] };
  }
  if (inPax === undefined) return undefined;
  if (header.typeflag !== '0') throw invalid('what is no file has a sparse map');
  extensions.mapBeforeData = inPax.extents === undefined;
  return { ...inPax, extents: inPax.extents ?? [] };
}

function idOf(id: number, field: string, name: Buffer): number {
  if (id > LARGEST_ID) throw invalid(`an entry has the ${field} ${id}, which no user can have`, name);
  return id;
}
