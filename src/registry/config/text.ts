/** The text of a configuration file, and the line that is to blame. The line's own text is not shown: such files may hold secrets. */
import { readFileSync, statSync } from 'node:fs';
import { errnoOf, errnoWords, TsrunError } from '../../errors.js';

const LARGEST = 4 * 1024 * 1024;

/** Undefined where there is no such file. @throws ERR_TSRUN_CONFIG_INVALID when there is, and it cannot be read */
export function readText(path: string): string | undefined {
  let bytes: Buffer;
  try {
    if (statSync(path).size > LARGEST) throw fault(path, undefined, `it is larger than ${LARGEST} bytes`);
    bytes = readFileSync(path);
  } catch (error) {
    if (error instanceof TsrunError) throw error;
    const code = errnoOf(error) ?? '';
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw fault(path, undefined, errnoWords(code), error);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw fault(path, undefined, 'it is not UTF-8');
  }
}

/** @param line where; undefined when that cannot be told */
export function fault(file: string, line: number | undefined, what: string, cause?: unknown): TsrunError {
  const where = line === undefined ? file : `${file}:${line}`;
  return new TsrunError('ERR_TSRUN_CONFIG_INVALID', `${where}: ${what}`, {
    subject: file,
    hint: `correct ${file}, or have whoever looks after it do so: what it asks for is not guessed`,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The line (from 1) of a key: in the nth table of that name (from 0), or before the first table. Undefined when it is written otherwise. */
export function lineOf(text: string, key: string, table?: { name: string; index: number }): number | undefined {
  const lines = text.split('\n');
  const begin = table === undefined ? -1 : lines.flatMap((line, at) => (isHeader(line, table.name) ? [at] : []))[table.index];
  if (begin === undefined) return undefined;
  const isKey = new RegExp(`^\\s*["']?${key.replace(/[^\w-]/g, '\\$&')}["']?\\s*[=.]`);
  const ends = (line: string) => /^\s*\[/.test(line);
  for (let at = begin + 1; at < lines.length && !ends(lines[at] as string); at++) if (isKey.test(lines[at] as string)) return at + 1;
  return begin === -1 ? undefined : begin + 1;
}

function isHeader(line: string, name: string): boolean {
  return /^\s*\[\[?\s*([^\]]+?)\s*\]/.exec(line)?.[1]?.replace(/["'\s]/g, '') === name;
}
