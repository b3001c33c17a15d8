/**
 * Entry program, forked by the native helper: `VERB …` writes a plan to the descriptor TSRUN_PLAN_FD, `explain VERB …` reads a failure
 * record on standard input and says in words what it means. Ends as soon as the last byte is written.
 */
import { readFileSync } from 'node:fs';
import { TsrunError } from '../errors.js';
import { compileVerb } from './compile-verb.js';
import { findDriven } from './driven-verbs.js';
import type { GLOBAL_FLAGS } from './flags/common.js';
import type { Values } from './flags/flag.js';
import { catchTheUncaught } from './last-resort.js';
import { standardStreams, writeAll } from './output.js';
import { parse } from './parse.js';
import { mannerFor, printFailure } from './print-error.js';
import { changedWord } from './utf8.js';

async function compile(words: readonly string[]): Promise<number> {
  const [verb, ...rest] = words;
  const streams = standardStreams();
  const debug = process.env['TSRUN_DEBUG'] === '1';
  const called = findDriven(verb);
  const changed = changedWord(words);
  if (changed !== undefined) {
    const { json } = called ? (parse(called.verb, rest).values as Values<typeof GLOBAL_FLAGS>) : {};
    return printFailure(changed, streams.stderr, { json, debug });
  }
  if (called) return compileVerb(called, rest, { streams, argv0: process.env['TSRUN_ARGV0'] ?? '', debug, send: sendPlan });
  const failed = verb === 'explain' ? findDriven(rest[0]) : undefined;
  if (failed) {
    const values = parse(failed.verb, rest.slice(1)).values as Values<typeof GLOBAL_FLAGS>;
    const { explainFailure } = await import('../index.js');
    return printFailure(explainFailure(readFileSync(0)), streams.stderr, {
      json: values.json,
      debug: values.debug || debug,
      ...mannerFor(process.env['TSRUN_ARGV0'], failed.verb.name),
    });
  }
  return printFailure(new TsrunError('ERR_TSRUN_INTERNAL', `no such compiler: ${verb}`), streams.stderr, { debug });
}

async function sendPlan(plan: Uint8Array): Promise<void> {
  const fd = Number.parseInt(process.env['TSRUN_PLAN_FD'] ?? '', 10);
  if (!(fd > 2))
    throw new TsrunError('ERR_TSRUN_INTERNAL', 'there is nobody to take the launch plan', { hint: 'start tsrun by its own name' });
  const { assertPlanFits } = await import('../index.js');
  assertPlanFits(plan);
  try {
    writeAll(fd, plan);
  } catch (cause) {
    throw new TsrunError('ERR_TSRUN_INTERNAL', `cannot hand over the launch plan: ${(cause as Error).message}`, { cause });
  }
}

catchTheUncaught();
/** Node's own failures end with 1: the helper knows by this number that the status is to be 1 (native/drive.c). */
const SAYS_ONE = 64;
compile(process.argv.slice(2)).then((code) => process.exit(code === 1 ? SAYS_ONE : code));
