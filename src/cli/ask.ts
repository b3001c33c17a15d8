/** Questions at the terminal itself, whatever standard input and output are. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import { TsrunError } from '../errors.js';

const INTERRUPT = '\x03';
const END = '\x04';
const KILL_LINE = '\x15';
const ERASE = ['\x7f', '\b'];

/**
 * The line that is typed.
 * @param how `hidden`: without an echo, for a password
 * @throws ERR_TSRUN_USAGE where there is no terminal, ERR_TSRUN_INTERRUPTED
 */
export async function ask(question: string, how: 'shown' | 'hidden'): Promise<string> {
  const { input, output } = openTerminal();
  try {
    // First, so that nothing typed early is shown
    if (how === 'hidden') input.setRawMode(true);
    writeSync(output, question);
    return await readLine(input);
  } finally {
    if (how === 'hidden') {
      input.setRawMode(false);
      writeSync(output, '\n');
    }
    input.destroy();
    closeSync(output);
  }
}

function openTerminal(): { input: ReadStream; output: number } {
  try {
    return { input: new ReadStream(openSync('/dev/tty', 'r')), output: openSync('/dev/tty', 'w') };
  } catch (cause) {
    throw new TsrunError('ERR_TSRUN_USAGE', 'there is no terminal to ask for a password at', {
      hint: 'give it: with login by -u USER and --password-stdin, elsewhere as --creds USER:PASSWORD',
      cause,
    });
  }
}

/** A terminal in raw mode sends keys; one that is as it was sends whole lines and signals. */
async function readLine(input: ReadStream): Promise<string> {
  const typed: string[] = [];
  input.setEncoding('utf8');
  for await (const keys of input as AsyncIterable<string>) {
    // Arrows and the like
    if (keys.startsWith('\x1b')) continue;
    for (const key of keys) {
      if (key === '\r' || key === '\n') return typed.join('');
      if (key === INTERRUPT) throw new TsrunError('ERR_TSRUN_INTERRUPTED', 'interrupted');
      if (key === END) return typed.join('');
      if (key === KILL_LINE) typed.length = 0;
      else if (ERASE.includes(key)) typed.pop();
      else typed.push(key);
    }
  }
  return typed.join('');
}
