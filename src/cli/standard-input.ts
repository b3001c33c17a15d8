/** Standard input as a text: a password, never a stream of any length. */
import { createReadStream, fstatSync } from 'node:fs';
import { Socket } from 'node:net';
import { TsrunError } from '../errors.js';
import { ownPipe } from '../own-pipe.js';

const LONGEST = 64 * 1024;

/** What may keep us waiting is read so that it can be given up: ^C ends the command at once. */
function standardInput(): AsyncIterable<Buffer> {
  const own = ownPipe(0);
  if (own !== undefined) return new Socket({ fd: own, readable: true, writable: false });
  return fstatSync(0).isFile() ? createReadStream('', { fd: 0, autoClose: false }) : process.stdin;
}

export async function readStandardInput(): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of standardInput()) {
    size += chunk.length;
    if (size > LONGEST)
      throw new TsrunError('ERR_TSRUN_USAGE', `standard input is longer than ${LONGEST} bytes`, { hint: 'send the password alone' });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
