/**
 * gcc's static analyser over the helper's sources, one by one. Nothing is done while they are as they were when it was content.
 *
 *   node scripts/analyse.mjs
 */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { COMMON, isStale } from './native.mjs';
import { capture, checkout, program, Trouble } from './steps.mjs';

const STAMP = join(checkout, 'build/analysed.stamp');

/**
 * Checks that are wrong about one file, and why. To gcc 12 a pointer that is kept in an array, at an index that it does not know, is
 * lost: the clients of serve.c and the names of copy.c are such arrays. The leak sanitizer runs over the first in fuzzing.
 * @type {Record<string, string[]>}
 */
const MISTAKEN = {
  'copy.c': ['-Wno-analyzer-malloc-leak'],
  'serve.c': ['-Wno-analyzer-malloc-leak'],
};

/** @param {string} file @returns {Promise<string>} what it complains about, empty when that is nothing */
async function analyse(file) {
  const flags = [...COMMON, '-O1', '-fanalyzer', ...(MISTAKEN[file] ?? []), '-c', '-o', '/dev/null'];
  const { code, stderr, error } = await capture('gcc', [...flags, join('native', file)]);
  if (error) return 'there is no gcc, whose analyser reads native/: Debian, Ubuntu: apt install gcc libc6-dev';
  return code === 0 ? '' : stderr;
}

/** @returns {Promise<string>} what is wrong, empty when nothing is */
export async function analyseHelper() {
  const files = readdirSync(join(checkout, 'native')).filter((file) => /\.(c|h|def)$/.test(file));
  const inputs = [...files.map((file) => join(checkout, 'native', file)), fileURLToPath(import.meta.url)];
  if (!isStale(STAMP, inputs)) return '';
  const waiting = files.filter((file) => file.endsWith('.c'));
  /** @type {string[]} */
  const complaints = [];
  const work = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) complaints.push(await analyse(file));
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  const wrong = [...new Set(complaints)].join('');
  mkdirSync(join(checkout, 'build'), { recursive: true });
  if (wrong === '') writeFileSync(STAMP, '');
  return wrong;
}

await program(import.meta.url, async () => {
  const wrong = await analyseHelper();
  if (wrong !== '') throw new Trouble(wrong);
});
