/**
 * The outer tar of an image archive, read at random: where each file's bytes lie. Only regular files count, and the links by which
 * `docker save` shares layers; anything else has no place in such an archive. Header blocks are parsed by the reader of layers.
 */
import type { FileHandle } from 'node:fs/promises';
import { posix } from 'node:path';
import { errnoOf, TsrunError } from '../errors.js';
import { BLOCK, parseFields, parseHeader } from '../layer/tar/header.js';
import { gather, nothingSaid, type PaxAttributes, parseRecords, refuseGlobal } from '../layer/tar/pax.js';

export interface StoredFile {
  /** bytes from the start of the archive */
  offset: number;
  size: number;
}

type Member = StoredFile | { link: string };

const ENTRIES_LIMIT = 100_000;
const EXTENSION_LIMIT = 2 ** 20;
const LINKS_LIMIT = 8;

export class TarIndex {
  readonly #members = new Map<string, Member>();

  private constructor() {}

  /** Reads all headers. Errors: ERR_TSRUN_ARCHIVE_INVALID. @param size of the archive in bytes */
  static async read(file: FileHandle, size: number, path: string): Promise<TarIndex> {
    try {
      const index = new TarIndex();
      await index.#scan(file, size);
      return index;
    } catch (cause) {
      if (cause instanceof TsrunError || errnoOf(cause) !== undefined) throw archiveInvalid(path, (cause as Error).message, cause);
      throw cause;
    }
  }

  /** Follows links inside the archive. Undefined when there is no such file. */
  find(name: string): StoredFile | undefined {
    let member = this.#members.get(name);
    for (let links = 0; member !== undefined && 'link' in member && links < LINKS_LIMIT; links += 1)
      member = this.#members.get(member.link);
    return member === undefined || 'link' in member ? undefined : member;
  }

  async #scan(file: FileHandle, size: number): Promise<void> {
    let pax: PaxAttributes = nothingSaid();
    for (let offset = 0, entries = 0; offset + BLOCK <= size; entries += 1) {
      if (entries > ENTRIES_LIMIT) throw invalid(`it has more than ${ENTRIES_LIMIT} entries`);
      const header = parseHeader(await readAt(file, offset, BLOCK));
      if (header === undefined) return;
      const { typeflag } = header;
      const length = isFile(typeflag) ? (pax.size ?? header.size) : header.size;
      offset += BLOCK;
      const end = offset + length;
      if (!Number.isSafeInteger(end) || end > size) throw invalid('it is cut short');
      if ('xgLK'.includes(typeflag)) {
        if (length > EXTENSION_LIMIT) throw invalid(`an extended header is ${length} bytes long`);
        extend(pax, typeflag, await readAt(file, offset, length));
      } else {
        const fields = parseFields(header);
        this.#add(typeflag, pax.path ?? fields.name, pax.linkpath ?? fields.link, { offset, size: length });
        if (pax.sparse.length > 0) throw invalid('it holds a sparse file');
        pax = nothingSaid();
      }
      offset = Math.ceil(end / BLOCK) * BLOCK;
    }
  }

  #add(typeflag: string, rawName: Buffer, rawLink: Buffer, stored: StoredFile): void {
    const name = inside('', rawName.toString('utf8'));
    if (typeflag === '5' || (isFile(typeflag) && rawName.at(-1) === 0x2f)) return;
    if (name === '') throw invalid('an entry has no name');
    if (this.#members.has(name)) throw invalid(`${JSON.stringify(name)} occurs twice`);
    this.#members.set(name, isFile(typeflag) ? stored : { link: linkTarget(typeflag, name, rawLink.toString('utf8'), stored.size) });
  }
}

function isFile(typeflag: string): boolean {
  return typeflag === '0' || typeflag === '\0' || typeflag === '7';
}

/** A symlink starts from its own directory, a hard link from the archive's root. */
function linkTarget(typeflag: string, name: string, link: string, size: number): string {
  if (typeflag !== '1' && typeflag !== '2') throw invalid(`${JSON.stringify(name)} is neither a file nor a directory nor a link`);
  // Readers disagree whether a link with a size is followed by data.
  if (size !== 0) throw invalid(`the link ${JSON.stringify(name)} has a size`);
  return inside(typeflag === '2' ? posix.dirname(name) : '', link);
}

/** A name below the archive's root, without `./`; refuses what would leave it. */
function inside(from: string, name: string): string {
  const isSafe = !name.startsWith('/') && !/\p{Cc}/u.test(name) && name.length <= 4096;
  const joined = posix.join(from, name).replace(/\/$/, '');
  const isInside = joined !== '..' && !joined.startsWith('../') && (from !== '' || !name.split('/').includes('..'));
  if (!isSafe || !isInside) throw invalid(`an entry is named ${JSON.stringify(name.slice(0, 200))}`);
  return joined === '.' ? '' : joined;
}

function extend(pax: PaxAttributes, typeflag: string, payload: Buffer): void {
  if (typeflag === 'L' || typeflag === 'K') {
    const end = payload.indexOf(0);
    pax[typeflag === 'L' ? 'path' : 'linkpath'] = end === -1 ? payload : payload.subarray(0, end);
    return;
  }
  const said = typeflag === 'g' ? nothingSaid() : pax;
  gather(parseRecords(payload), said);
  if (typeflag === 'g') refuseGlobal(said);
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, position + filled);
    if (bytesRead === 0) throw invalid('it is cut short');
    filled += bytesRead;
  }
  return bytes;
}

function invalid(reason: string): TsrunError {
  return new TsrunError('ERR_TSRUN_ARCHIVE_INVALID', reason);
}

const MAKE_AGAIN = 'make it again, for example with: skopeo copy, docker save or podman save';

export function archiveInvalid(path: string, reason: string, cause?: unknown, hint = MAKE_AGAIN): TsrunError {
  return new TsrunError('ERR_TSRUN_ARCHIVE_INVALID', `the archive ${path} cannot be used: ${reason}`, { subject: path, hint, cause });
}
