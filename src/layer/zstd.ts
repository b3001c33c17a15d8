/**
 * Streaming zstd in WebAssembly (the floor, Node 20.19, has none, and later ones stop at several frames). zstddec brings the module;
 * the loop is ours, because its own ignores error codes and then never ends.
 */
import { ZSTDDecoder } from 'zstddec/stream';
import { invalid, overLimit } from './fault.js';

/** The part of zstd.h that the module exports; pointers and sizes are 32-bit. */
interface Exports {
  memory: { readonly buffer: ArrayBuffer };
  malloc(size: number): number;
  ZSTD_createDCtx(): number;
  ZSTD_DStreamOutSize(): number;
  ZSTD_decompressStream(context: number, output: number, input: number): number;
}

/** zstd_errors.h: results above (size_t)-120 are errors. */
const LARGEST_ERROR = 120;
const WINDOW_TOO_LARGE = 16;
const MEMORY_ALLOCATION = 64;
/** Calls without any progress before the data counts as damaged. */
const FRUITLESS_CALLS = 16;
const INPUT_SIZE = 128 * 1024;

let exports: Exports | undefined;

/** Instantiates the module; reads no file afterwards. */
export async function loadZstd(): Promise<void> {
  const decoder = new ZSTDDecoder();
  const keep = decoder._init;
  // The driver needs the instance itself, which the package passes here and nowhere else.
  decoder._init = (result) => {
    keep(result);
    exports = (result as unknown as { instance: { exports: Exports } }).instance.exports;
  };
  await decoder.init();
}

/** One stream of any number of frames, skippable ones among them. Windows above 128 MiB are refused (zstd's own default). */
export class ZstdStream {
  readonly #zstd: Exports;
  readonly #context: number;
  readonly #input: number;
  readonly #output: number;
  readonly #outputSize: number;
  /** ZSTD_inBuffer and ZSTD_outBuffer: { pointer, size, position } each. */
  readonly #inBuffer: number;
  readonly #outBuffer: number;
  /** 0 exactly at the end of a frame. */
  #expected = 0;

  constructor() {
    if (exports === undefined) throw new TypeError('loadZstd() comes first');
    this.#zstd = exports;
    this.#outputSize = exports.ZSTD_DStreamOutSize();
    this.#context = exports.ZSTD_createDCtx();
    this.#input = exports.malloc(INPUT_SIZE);
    this.#output = exports.malloc(this.#outputSize);
    this.#inBuffer = exports.malloc(12);
    this.#outBuffer = exports.malloc(12);
  }

  /** The pieces are views of the module's memory, valid until the next one is asked for. */
  *push(chunk: Buffer): Generator<Buffer> {
    for (let start = 0; start < chunk.length; start += INPUT_SIZE) yield* this.#decompress(chunk.subarray(start, start + INPUT_SIZE));
  }

  /** Call at the end of the input. */
  end(): void {
    if (this.#expected !== 0) throw invalid('the zstd stream is cut off');
  }

  *#decompress(chunk: Buffer): Generator<Buffer> {
    chunk.copy(Buffer.from(this.#zstd.memory.buffer, this.#input, INPUT_SIZE));
    this.#write(this.#inBuffer, [this.#input, chunk.length, 0]);
    let fruitless = 0;
    for (let consumed = 0; ; ) {
      this.#write(this.#outBuffer, [this.#output, this.#outputSize, 0]);
      this.#expected = this.#check(this.#zstd.ZSTD_decompressStream(this.#context, this.#outBuffer, this.#inBuffer));
      const [position, produced] = [this.#read(this.#inBuffer + 8), this.#read(this.#outBuffer + 8)];
      fruitless = position === consumed && produced === 0 ? fruitless + 1 : 0;
      if (fruitless > FRUITLESS_CALLS) throw invalid('the zstd stream makes no progress');
      consumed = position;
      if (produced > 0) yield Buffer.from(this.#zstd.memory.buffer, this.#output, produced);
      // A full output may hide more of it that needs no further input; not so at the end of a frame, where one more call begins the next.
      if (consumed === chunk.length && (produced < this.#outputSize || this.#expected === 0)) return;
    }
  }

  #check(result: number): number {
    const error = -(result | 0);
    if (error <= 0 || error > LARGEST_ERROR) return result;
    if (error === WINDOW_TOO_LARGE || error === MEMORY_ALLOCATION) throw overLimit('the zstd stream needs a window above 128 MiB');
    throw invalid(`the zstd stream is damaged (zstd error ${error})`);
  }

  #view(): DataView {
    return new DataView(this.#zstd.memory.buffer);
  }

  #write(pointer: number, words: number[]): void {
    const view = this.#view();
    words.forEach((word, index) => {
      view.setUint32(pointer + 4 * index, word, true);
    });
  }

  #read(pointer: number): number {
    return this.#view().getUint32(pointer, true);
  }
}
