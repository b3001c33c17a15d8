/** Standard input as a text: a password, never a stream of any length. */
import { createReadStream } from 'node:fs';
import { TsrunError } from '../errors.js';

const LONGEST = 64 * 1024;

export async function readStandardInput(): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of createReadStream('', { fd: 0, autoClose: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LONGEST)
      throw new TsrunError('ERR_TSRUN_USAGE', `standard input is longer than ${LONGEST} bytes`, { hint: 'send the password alone' });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
