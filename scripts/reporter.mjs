/**
 * node:test's spec reporter with its summary last, after the failures and the files that took longest; and in CI a skipped test is a
 * failure: there the machine is meant to be able to do everything.
 */
import { relative } from 'node:path';
import { Readable } from 'node:stream';
import { spec } from 'node:test/reporters';

/**
 * @typedef {{
 *   type: string,
 *   data: { name?: string, nesting?: number, file?: string, message?: string, skip?: string | boolean, details?: { duration_ms?: number } },
 * }} Event
 */

const SUMMARY = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) /;

/**
 * @param {AsyncIterable<Event>} source
 * @param {() => Promise<string>} atEnd called after the last test; what it gives is told before the summary
 * @returns {AsyncGenerator<string>}
 */
export async function* report(source, atEnd) {
  /** @type {string[]} */
  const summary = [];
  /** @type {Map<string, number>} */
  const seconds = new Map();
  yield* Readable.from(watched(source, summary, seconds)).compose(new spec());
  yield await atEnd();
  yield slowest(seconds);
  yield `\n${summary.map((line) => `ℹ ${line}\n`).join('')}`;
}

/** What to look at when the tests take too long, and what scripts/test.mjs should start first. @param {Map<string, number>} seconds */
function slowest(seconds) {
  const files = [...seconds].sort(([, a], [, b]) => b - a).slice(0, 8);
  if (files.length < 8) return '';
  return `\nℹ slowest: ${files.map(([file, taken]) => `${relative('', file).replace(/^build\//, '')} ${Math.round(taken)} s`).join(', ')}\n`;
}

/**
 * @param {AsyncIterable<Event>} source
 * @param {string[]} summary filled with the summary's lines
 * @param {Map<string, number>} seconds filled with what the tests of each file took
 */
async function* watched(source, summary, seconds) {
  for await (const event of source) {
    const { type, data } = event;
    if ((type === 'test:pass' || type === 'test:fail') && data.nesting === 0 && data.file !== undefined) {
      seconds.set(data.file, (seconds.get(data.file) ?? 0) + (data.details?.duration_ms ?? 0) / 1000);
    }
    if (type === 'test:diagnostic' && data.nesting === 0 && SUMMARY.test(data.message ?? '')) {
      summary.push(data.message ?? '');
      continue;
    }
    if (type === 'test:pass' && data.skip !== undefined && process.env['CI']) {
      process.exitCode = 1;
      const reason = data.skip === true ? 'no reason given' : data.skip;
      yield { type: 'test:diagnostic', data: { ...data, message: `in CI a skipped test is a failure: ${data.name} (${reason})` } };
    }
    yield event;
  }
}
