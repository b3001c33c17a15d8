/**
 * A strict reader of tar streams: ustar, GNU and PAX. One reading or an error: nothing malformed is skipped, because readers that
 * guess guess differently (attacks on scanners live from that). Memory is bounded by the limits, whatever a header declares.
 */
import { invalid, overLimit, show } from '../fault.js';
import type { Limits } from '../limits.js';
import { assemble, type Extensions } from './assemble.js';
import { BlockFeeder, type Parser, type Want } from './blocks.js';
import type { Extent, TarEntry } from './entry.js';
import { BLOCK, type Header, parseHeader } from './header.js';
import { parseDecimal } from './number.js';
import { gather, nothingSaid, type PaxAttributes, parseRecords, refuseGlobal } from './pax.js';
import { checkMap, oldExtents, pair } from './sparse.js';

/** Called in the order of the archive: entry, data of a file in any number of pieces, end. Data is valid only during the call. */
export interface TarHandler {
  entry(entry: TarEntry): void;
  data(bytes: Buffer): void;
  end(): void;
}

export type TarLimits = Pick<Limits, 'attributes' | 'extensionBytes' | 'extents' | 'nameBytes'>;

/** Push the bytes of one archive, then call end(). All faults are TsrunErrors of layer/fault.ts, or what the handler throws. */
export class TarReader {
  readonly #feeder: BlockFeeder;

  constructor(handler: TarHandler, limits: TarLimits) {
    this.#feeder = new BlockFeeder(archive(handler, limits));
  }

  /** What follows the end of the archive is ignored, as tar does (and diffIDs count it). */
  push(chunk: Buffer): void {
    this.#feeder.push(chunk);
  }

  end(): void {
    if (this.#feeder.leftover > 0) throw invalid('the tar ends in the middle of a block');
    this.#feeder.end();
  }
}

type Step<T> = Generator<Want, T, Buffer | undefined>;

/** An archive without its two blocks of zeros is accepted, as by GNU tar: digest and diffID tell what is cut. */
function* archive(handler: TarHandler, limits: TarLimits): Parser {
  const globals = nothingSaid();
  for (;;) {
    const member = yield* nextMember(globals, limits);
    if (member === undefined) return;
    const { header, extensions } = member;
    const entry = assemble(header, extensions, globals, limits);
    const stored = yield* sparseMap(entry, header, extensions, limits);
    if (entry.name.length > limits.nameBytes || entry.link.length > limits.nameBytes) {
      throw overLimit(`a name has more than ${limits.nameBytes} bytes`, entry.name);
    }
    handler.entry(entry);
    yield* data(stored, handler);
    handler.end();
  }
}

/** The next header that is an entry's own, with what the extension headers right before it say. Undefined at the end. */
function* nextMember(globals: PaxAttributes, limits: TarLimits): Step<{ header: Header; extensions: Extensions } | undefined> {
  const extensions: Extensions = {};
  for (;;) {
    const header = yield* nextHeader();
    const pending = extensions.pax ?? extensions.longName ?? extensions.longLink;
    if (header === undefined) {
      if (pending !== undefined) throw invalid('the tar ends behind an extended header');
      return undefined;
    }
    if (header.typeflag === 'g') {
      if (pending !== undefined) throw invalid('a global PAX header stands between an extended header and its entry');
      const attributes = nothingSaid();
      gather(parseRecords(yield* extension(header, limits)), attributes);
      refuseGlobal(attributes);
      Object.assign(globals, { ...attributes, uncarried: [...new Set([...globals.uncarried, ...attributes.uncarried])] });
    } else if (header.typeflag === 'x') {
      if (extensions.pax !== undefined) throw invalid('two PAX headers stand before one entry');
      extensions.pax = nothingSaid();
      gather(parseRecords(yield* extension(header, limits)), extensions.pax);
      if (extensions.pax.xattrs.size > limits.attributes)
        throw overLimit(`an entry has more than ${limits.attributes} extended attributes`);
    } else if (header.typeflag === 'L' || header.typeflag === 'K') {
      const which = header.typeflag === 'L' ? 'longName' : 'longLink';
      if (extensions[which] !== undefined) throw invalid('two GNU long names stand before one entry');
      extensions[which] = terminated(yield* extension(header, limits));
    } else {
      return { header, extensions };
    }
  }
}

function* nextHeader(): Step<Header | undefined> {
  const block = yield { exactly: BLOCK };
  if (block === undefined) return undefined;
  const header = parseHeader(block);
  if (header !== undefined) return header;
  const second = yield { exactly: BLOCK };
  if (second !== undefined && parseHeader(second) !== undefined) throw invalid('a block of zeros stands between two entries');
  return undefined;
}

/** The contents of an extension header; its size is checked before anything is allocated. */
function* extension(header: Header, limits: TarLimits): Step<Buffer> {
  if (header.size > limits.extensionBytes) throw overLimit(`an extended header has more than ${limits.extensionBytes} bytes`);
  if (header.size === 0) return Buffer.alloc(0);
  return Buffer.from((yield* blocks(header.size)).subarray(0, header.size));
}

/** `size` bytes and their padding. */
function* blocks(size: number): Step<Buffer> {
  const bytes = yield { exactly: size + padding(size) };
  if (bytes === undefined) throw invalid('the tar ends inside an entry');
  return bytes;
}

function padding(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

/** GNU writes one NUL behind a long name. What follows a NUL is read by some readers and not by others. */
function terminated(name: Buffer): Buffer {
  const end = name.indexOf(0);
  const text = end === -1 ? name : name.subarray(0, end);
  if (text.length === 0 || name.subarray(text.length).some((byte) => byte !== 0)) {
    throw invalid(`a GNU long name is empty or holds a NUL byte: ${show(text)}`);
  }
  return text;
}

/** Reads the parts of a sparse map that stand outside of the header and checks it. Gives the bytes of data that follow. */
function* sparseMap(entry: TarEntry, header: Header, extensions: Extensions, limits: TarLimits): Step<number> {
  let stored = entry.type === 'file' ? (extensions.pax?.size ?? header.size) : 0;
  if (header.typeflag === 'S') {
    entry.extents = yield* oldMap(header, limits);
  } else if (entry.extents?.length === 0 && extensions.mapBeforeData) {
    const map = yield* mapBeforeData(stored, limits);
    entry.extents = map.extents;
    stored -= map.bytes;
  }
  if (entry.extents !== undefined) checkMap({ extents: entry.extents, size: entry.size }, stored);
  return stored;
}

const OLD_SLOTS = 4;
const OLD_MORE = 482;
const EXTENSION_SLOTS = 21;
const EXTENSION_MORE = 504;

function* oldMap(header: Header, limits: TarLimits): Step<Extent[]> {
  const extents = oldExtents(header.block, 386, OLD_SLOTS);
  for (let more = header.block[OLD_MORE] !== 0; more; ) {
    const block = yield* blocks(BLOCK);
    extents.push(...oldExtents(block, 0, EXTENSION_SLOTS));
    if (extents.length > limits.extents) throw overLimit(`a sparse file has more than ${limits.extents} pieces`);
    more = block[EXTENSION_MORE] !== 0;
  }
  return extents;
}

/** More digits than any number has; text without a line end must not gather. */
const LONGEST_NUMBER = 32;

/** PAX 1.0: decimal lines, the count first, padded to whole blocks; they are part of the stored size. */
function* mapBeforeData(stored: number, limits: TarLimits): Step<{ extents: Extent[]; bytes: number }> {
  const numbers: number[] = [];
  let text = '';
  let wanted = 1;
  let bytes = 0;
  while (numbers.length < wanted) {
    bytes += BLOCK;
    if (bytes > stored) throw invalid("a sparse file's map is longer than the file");
    text += (yield* blocks(BLOCK)).toString('latin1');
    const lines = text.split('\n');
    text = lines.pop() as string;
    for (const line of lines) {
      if (numbers.length === wanted) break;
      numbers.push(parseDecimal(line, "a number of a sparse file's map"));
      if (numbers.length === 1) wanted += 2 * (numbers[0] as number);
      if (wanted > 2 * limits.extents + 1) throw overLimit(`a sparse file has more than ${limits.extents} pieces`);
    }
    if (numbers.length < wanted && text.length > LONGEST_NUMBER) throw invalid("a number of a sparse file's map is too long");
  }
  return { extents: pair(numbers.slice(1)), bytes };
}

function* data(size: number, handler: TarHandler): Step<void> {
  for (let left = size; left > 0; ) {
    const part = yield { upTo: left };
    if (part === undefined) throw invalid('the tar ends inside an entry');
    handler.data(part);
    left -= part.length;
  }
  if (padding(size) > 0 && (yield { exactly: padding(size) }) === undefined) throw invalid('the tar ends inside an entry');
}
