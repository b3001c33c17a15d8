/** write(2) until all is written, also to a descriptor that somebody made non-blocking. */
import { writeSync } from 'node:fs';
import { errnoOf } from '../errors.js';

/** @throws the system's error; EPIPE when nobody reads any more */
export function writeAll(fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) {
    try {
      done += writeSync(fd, bytes, done);
    } catch (error) {
      if (errnoOf(error) !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}
