/** Standard input as the bytes of an archive. */
import { fstatSync, read, readFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { isatty } from 'node:tty';
import { promisify } from 'node:util';
import { errnoOf, TsrunError } from '../errors.js';

/** In place of a path. */
export const STANDARD = '-';
const CHUNK = 256 * 1024;
const readAsync = promisify(read);

/** @throws ERR_TSRUN_USAGE for a terminal: nobody types an archive */
export function refuseTerminal(): void {
  if (!isatty(0)) return;
  throw new TsrunError('ERR_TSRUN_USAGE', 'standard input is a terminal, not an archive', {
    hint: 'name the archive with -i FILE, or send it: tsrun load < FILE',
  });
}

/** A file that nobody has read from yet can be read in place. Undefined for all else: a pipe, a socket, a file that may not be opened again. */
export async function standardInputFile(): Promise<FileHandle | undefined> {
  const position = /^pos:\s*0$/m;
  try {
    return fstatSync(0).isFile() && position.test(readFileSync('/proc/self/fdinfo/0', 'latin1'))
      ? await open('/proc/self/fd/0')
      : undefined;
  } catch {
    return undefined;
  }
}

/** From where it stands to its end. Read with read(2): Node's own stream would make a pipe non-blocking that others share. */
export async function* standardInput(): AsyncGenerator<Uint8Array> {
  for (;;) {
    const buffer = Buffer.allocUnsafeSlow(CHUNK);
    const length = await readOrWait(buffer);
    if (length === 0) return;
    yield buffer.subarray(0, length);
  }
}

async function readOrWait(buffer: Buffer): Promise<number> {
  for (;;) {
    try {
      return (await readAsync(0, buffer, 0, buffer.length, null)).bytesRead;
    } catch (error) {
      if (errnoOf(error) === 'EOF') return 0;
      if (errnoOf(error) !== 'EAGAIN') throw error;
      await setTimeout(5); // somebody made it non-blocking
    }
  }
}
