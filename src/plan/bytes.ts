/** A buffer that grows while it is written: a plan has thousands of small fields, and a buffer for each costs more than the rest of a start. */
export class Bytes {
  #buffer = Buffer.allocUnsafe(1 << 16);
  #end = 0;

  written(): Buffer {
    return this.#buffer.subarray(0, this.#end);
  }

  u8(value: number): void {
    const at = this.#take(1);
    this.#buffer[at] = value;
  }

  u32(value: number): void {
    const at = this.#take(4);
    this.#buffer.writeUInt32LE(value, at);
  }

  /** Capability masks use bit 63 at most as a number; the helper reads the bits. */
  i64(value: number | bigint): void {
    const at = this.#take(8);
    this.#buffer.writeBigInt64LE(BigInt.asIntN(64, BigInt(value)), at);
  }

  raw(value: Uint8Array): void {
    const at = this.#take(value.length);
    this.#buffer.set(value, at);
  }

  /** With its length, u32, before it. */
  sized(value: string | Uint8Array): void {
    const length = Buffer.byteLength(value);
    this.u32(length);
    const at = this.#take(length);
    if (typeof value === 'string') this.#buffer.write(value, at);
    else this.#buffer.set(value, at);
  }

  /** What `write` writes, with its length before it. */
  measured(write: () => void): void {
    const at = this.#take(4);
    write();
    this.#buffer.writeUInt32LE(this.#end - at - 4, at);
  }

  /** Room for so many bytes; where they begin. */
  #take(count: number): number {
    const at = this.#end;
    this.#end += count;
    if (this.#end > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#end, 2 * this.#buffer.length));
      this.#buffer.copy(larger, 0, 0, at);
      this.#buffer = larger;
    }
    return at;
  }
}
