/**
 * node:test's spec reporter with its summary last, after the failures; and in CI a skipped test is a failure:
 * there the machine is meant to be able to do everything.
 */
import { Readable } from 'node:stream';
import { spec } from 'node:test/reporters';

/** @typedef {{ type: string, data: { name?: string, nesting?: number, message?: string, skip?: string | boolean } }} Event */

const SUMMARY = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) /;

/** @param {AsyncIterable<Event>} source */
export default async function* reporter(source) {
  /** @type {string[]} */
  const summary = [];
  yield* Readable.from(watched(source, summary)).compose(new spec());
  yield `\n${summary.map((line) => `ℹ ${line}\n`).join('')}`;
}

/** @param {AsyncIterable<Event>} source @param {string[]} summary filled with the summary's lines */
async function* watched(source, summary) {
  for await (const event of source) {
    const { type, data } = event;
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
