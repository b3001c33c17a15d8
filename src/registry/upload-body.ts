/** Pieces of a blob for request bodies: any piece may be asked for again, and reading goes on where it was where it can. */
import { TsrunError } from '../errors.js';

interface Reading {
  chunks: AsyncIterator<Uint8Array>;
  /** the offset of the next byte */
  at: number;
  /** read, but not given out */
  rest: Uint8Array;
}

export class UploadBody {
  readonly #bytes: AsyncIterable<Uint8Array>;
  #reading: Reading | undefined;
  /** What the source threw: the request that was to carry it fails with an error of its own. */
  failure: { error: unknown } | undefined;

  /** @param bytes each iteration begins anew */
  constructor(bytes: AsyncIterable<Uint8Array>) {
    this.#bytes = bytes;
  }

  /** Exactly `length` bytes. Only one piece at a time is to be read; one that was left half read may still be reading. */
  async *piece(offset: number, length: number): AsyncGenerator<Uint8Array, void, undefined> {
    const reading = this.#take(offset);
    const end = offset + length;
    let isRead = false;
    try {
      while (reading.at < end) {
        if (reading.rest.length === 0) reading.rest = await next(reading);
        const skipped = Math.min(reading.rest.length, Math.max(0, offset - reading.at));
        const given = reading.rest.subarray(skipped, end - reading.at);
        reading.rest = reading.rest.subarray(skipped + given.length);
        reading.at += skipped + given.length;
        if (given.length > 0) yield given;
      }
      isRead = true;
    } catch (error) {
      this.failure ??= { error };
      throw error;
    } finally {
      // Read to its end: the next piece may begin here. What a cut left half read is read anew
      if (isRead) this.#reading = reading;
      else close(reading);
    }
  }

  /** Once from its beginning: for what has no bytes at all, so that the source gets to say whether that is right. */
  async drain(): Promise<void> {
    for await (const _ of this.#bytes);
  }

  #take(offset: number): Reading {
    const before = this.#reading;
    this.#reading = undefined;
    if (before !== undefined && before.at <= offset) return before;
    close(before);
    return { chunks: this.#bytes[Symbol.asyncIterator](), at: 0, rest: new Uint8Array() };
  }

  close(): void {
    close(this.#reading);
    this.#reading = undefined;
  }
}

/** Not awaited: a source in the middle of a stalled read answers only when that read ends. */
function close(reading: Reading | undefined): void {
  reading?.chunks.return?.().catch(() => undefined);
}

async function next({ chunks }: Reading): Promise<Uint8Array> {
  const { done, value } = await chunks.next();
  if (done === true) {
    throw new TsrunError('ERR_TSRUN_BLOB_SIZE', 'a blob that is to be sent ends too early', { hint: 'try again' });
  }
  return value;
}
