/** Standard input and output as the bytes of an archive. */
import { createReadStream, fstatSync, readFileSync, write } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { Socket } from 'node:net';
import { isatty } from 'node:tty';
import { promisify } from 'node:util';
import { TsrunError } from '../errors.js';
import { ownPipe } from '../own-pipe.js';

/** In place of a path. */
export const STANDARD = '-';
const CHUNK = 256 * 1024;
const writeAsync = promisify(write);

/** A file that nobody has read from yet can be read in place. Undefined for all else: a pipe, a socket, a file that may not be opened again. */
export async function standardInputFile(): Promise<FileHandle | undefined> {
  try {
    const isFresh = fstatSync(0).isFile() && /^pos:\s*0$/m.test(readFileSync('/proc/self/fdinfo/0', 'latin1'));
    return isFresh ? await open('/proc/self/fd/0') : undefined;
  } catch {
    return undefined;
  }
}

/** From where it stands to its end. @throws ERR_TSRUN_USAGE for a terminal: nobody types an archive */
export function standardInput(): AsyncIterable<Uint8Array> {
  if (isatty(0)) {
    throw new TsrunError('ERR_TSRUN_USAGE', 'standard input is a terminal, not an archive', {
      hint: 'name the archive with -i FILE, or send it: tsrun load < FILE',
    });
  }
  const own = ownPipe(0);
  if (own !== undefined) return new Socket({ fd: own, readable: true, writable: false });
  return fstatSync(0).isSocket() ? process.stdin : createReadStream('', { fd: 0, autoClose: false, highWaterMark: CHUNK });
}

export interface ByteStream {
  /** Resolves when the bytes are on their way, and may be used again. @throws the system's error */
  write(bytes: Uint8Array): Promise<void>;
  close(): void;
}

/** @throws ERR_TSRUN_USAGE for a terminal */
export function standardOutput(): ByteStream {
  if (isatty(1)) {
    throw new TsrunError('ERR_TSRUN_USAGE', 'standard output is a terminal, and an archive is no text', {
      hint: 'name a file with -o FILE, or send it on: tsrun save IMAGE > FILE',
    });
  }
  const own = ownPipe(1);
  if (own !== undefined) return streamOf(new Socket({ fd: own, readable: false, writable: true }), true);
  if (fstatSync(1).isSocket()) return streamOf(process.stdout as unknown as Socket, false);
  return { write: writeFile, close: () => undefined };
}

function streamOf(socket: Socket, isOwn: boolean): ByteStream {
  socket.on('error', () => undefined); // each write is told
  return {
    write: (bytes) =>
      new Promise((resolve, reject) => {
        socket.write(bytes, (error) => (error ? reject(error) : resolve()));
      }),
    close: () => void (isOwn && socket.destroy()),
  };
}

async function writeFile(bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await writeAsync(1, bytes, done, bytes.length - done);
    done += bytesWritten;
  }
}
