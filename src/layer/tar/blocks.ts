/**
 * Between a stream that comes in pieces of any size and a parser that wants 512 bytes now and a megabyte later: the parser is a
 * generator that yields what it wants and is resumed with it.
 */

/** `exactly`: all of these bytes in one buffer. `upTo`: at least one byte, as they come. */
export type Want = { exactly: number } | { upTo: number };

/** Resumed with the bytes, or with undefined at the end of the stream (also when only a part of `exactly` is left: see `leftover`). */
export type Parser = Generator<Want, void, Buffer | undefined>;

export class BlockFeeder {
  readonly #parser: Parser;
  #want: Want | undefined;
  /** The beginning of what is wanted, when it came in pieces. */
  #partial: Buffer | undefined;
  #filled = 0;

  constructor(parser: Parser) {
    this.#parser = parser;
    this.#advance(undefined);
  }

  /** True once the parser has returned; the rest of the stream is then of no interest. */
  get finished(): boolean {
    return this.#want === undefined;
  }

  /** Bytes that came without completing what was wanted. */
  get leftover(): number {
    return this.#filled;
  }

  /** The parser sees views of `chunk` and must copy what it keeps. */
  push(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0 && this.#want !== undefined) {
      rest = 'upTo' in this.#want ? this.#pass(rest, this.#want.upTo) : this.#collect(rest, this.#want.exactly);
    }
  }

  /** Says that the stream has ended. */
  end(): void {
    while (this.#want !== undefined) this.#advance(undefined);
  }

  #pass(chunk: Buffer, most: number): Buffer {
    const taken = Math.min(most, chunk.length);
    this.#advance(chunk.subarray(0, taken));
    return chunk.subarray(taken);
  }

  #collect(chunk: Buffer, wanted: number): Buffer {
    if (this.#filled === 0 && chunk.length >= wanted) return this.#pass(chunk, wanted);
    this.#partial ??= Buffer.allocUnsafe(wanted);
    const taken = chunk.copy(this.#partial, this.#filled, 0, wanted - this.#filled);
    this.#filled += taken;
    if (this.#filled === wanted) {
      const whole = this.#partial;
      this.#partial = undefined;
      this.#filled = 0;
      this.#advance(whole);
    }
    return chunk.subarray(taken);
  }

  #advance(bytes: Buffer | undefined): void {
    const next = this.#parser.next(bytes);
    this.#want = next.done ? undefined : next.value;
  }
}
