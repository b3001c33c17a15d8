/** Node reads the command line as UTF-8 and writes U+FFFD for what is none: a command would get other words than were typed. */
import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { TsrunError } from '../errors.js';

/**
 * The failure for a word that Node has changed. One that holds U+FFFD may have been typed so: the kernel has the bytes.
 * @param words the last ones of this process's command line
 */
export function changedWord(words: readonly string[], commandLine = ownCommandLine): TsrunError | undefined {
  if (!words.some((word) => word.includes('\uFFFD'))) return undefined;
  const typed = split(commandLine()).slice(-words.length);
  const index = typed.findIndex((bytes) => !isUtf8(bytes));
  const word = words[index];
  if (word === undefined) return undefined;
  return new TsrunError('ERR_TSRUN_USAGE', `the argument ${JSON.stringify(word)} is not UTF-8`, {
    subject: word,
    hint: 'write it in UTF-8; other bytes reach a command through -e NAME, which copies a variable untouched, a file, or standard input',
  });
}

/** proc(5): each word is ended by NUL. */
function ownCommandLine(): Uint8Array {
  return readFileSync('/proc/self/cmdline');
}

function split(bytes: Uint8Array): Uint8Array[] {
  const words: Uint8Array[] = [];
  for (let from = 0, to = bytes.indexOf(0); to >= 0; from = to + 1, to = bytes.indexOf(0, from)) words.push(bytes.subarray(from, to));
  return words;
}
