/**
 * Entry program, forked by the native helper: `run …` writes a plan to the descriptor TSRUN_PLAN_FD, `explain run …` reads a failure
 * record on standard input and says in words what it means. Ends as soon as the last byte is written.
 */
import { readFileSync } from 'node:fs';
import { TsrunError } from '../errors.js';
import { compileRunVerb } from './compile-run.js';
import { RUN } from './flags/run.js';
import { catchTheUncaught } from './last-resort.js';
import { standardStreams, writeAll } from './output.js';
import { parse } from './parse.js';
import { printFailure } from './print-error.js';

async function compile(words: readonly string[]): Promise<number> {
  const [verb, ...rest] = words;
  const streams = standardStreams();
  const debug = process.env['TSRUN_DEBUG'] === '1';
  if (verb === 'run') return compileRunVerb(rest, { streams, argv0: process.env['TSRUN_ARGV0'] ?? '', debug, send: sendPlan });
  if (verb === 'explain') {
    const { values } = parse(RUN, rest.slice(1));
    const { explainFailure } = await import('../index.js');
    return printFailure(explainFailure(readFileSync(0)), streams.stderr, { json: values.json, debug: values.debug || debug });
  }
  return printFailure(new TsrunError('ERR_TSRUN_INTERNAL', `no such compiler: ${verb}`), streams.stderr, { debug });
}

function sendPlan(plan: Uint8Array): void {
  const fd = Number.parseInt(process.env['TSRUN_PLAN_FD'] ?? '', 10);
  if (!(fd > 2))
    throw new TsrunError('ERR_TSRUN_INTERNAL', 'there is nobody to take the launch plan', { hint: 'start tsrun by its own name' });
  try {
    writeAll(fd, plan);
  } catch (cause) {
    throw new TsrunError('ERR_TSRUN_INTERNAL', `cannot hand over the launch plan: ${(cause as Error).message}`, { cause });
  }
}

catchTheUncaught();
compile(process.argv.slice(2)).then((code) => process.exit(code));
