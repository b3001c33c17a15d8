/** The contents of one regular file while they arrive: in order, or piece by piece where a sparse map says. */
import { ftruncateSync, writeSync } from 'node:fs';
import type { TarEntry } from './tar/entry.js';

export class FileWriter {
  readonly fd: number;
  readonly #entry: TarEntry;
  /** Bytes written so far. */
  #written = 0;
  #extent = 0;
  #inExtent = 0;
  readonly #holes: boolean;

  /** @param holes pieces that are nothing but zeros become holes */
  constructor(fd: number, entry: TarEntry, holes = false) {
    this.fd = fd;
    this.#entry = entry;
    this.#holes = holes;
  }

  get written(): number {
    return this.#written;
  }

  write(bytes: Buffer): void {
    const extents = this.#entry.extents;
    if (extents === undefined) {
      this.#writeAll(bytes, this.#written);
      return;
    }
    for (let rest = bytes; rest.length > 0; ) {
      const extent = extents[this.#extent] as { offset: number; length: number };
      const part = rest.subarray(0, extent.length - this.#inExtent);
      this.#writeAll(part, extent.offset + this.#inExtent);
      this.#inExtent += part.length;
      rest = rest.subarray(part.length);
      if (this.#inExtent === extent.length) {
        this.#extent++;
        this.#inExtent = 0;
      }
    }
  }

  /** A hole at the end is not written by anybody. */
  finish(): void {
    if (this.#holes || this.#entry.extents !== undefined) ftruncateSync(this.fd, this.#entry.size);
  }

  #writeAll(bytes: Buffer, position: number): void {
    const isHole = this.#holes && bytes.length >= HOLE && bytes.equals(zeros(bytes.length));
    for (let done = isHole ? bytes.length : 0; done < bytes.length; )
      done += writeSync(this.fd, bytes, done, bytes.length - done, position + done);
    this.#written += bytes.length;
  }
}

/** Shorter ones save nothing. */
const HOLE = 4096;
let zero = Buffer.alloc(0);

function zeros(length: number): Buffer {
  if (zero.length < length) zero = Buffer.alloc(length);
  return zero.subarray(0, length);
}
