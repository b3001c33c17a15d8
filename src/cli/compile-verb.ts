/**
 * The compiler's side of the verbs that the native helper drives: command line in, launch plan out. The helper forks it on a cold start
 * and executes the plan when it has ended, so nothing here may hold the standard descriptors or stay behind.
 */
import type { Compiled } from '../index.js';
import { withPassword } from './ask-creds.js';
import type { GLOBAL_FLAGS } from './flags/common.js';
import { type OptionsOf, optionsOf, type Values } from './flags/flag.js';
import { interruptible } from './interrupt.js';
import type { Streams } from './output.js';
import { parse } from './parse.js';
import { mannerFor, printDebug, printFailure } from './print-error.js';
import { patient } from './progress/patient.js';
import { reporterFor } from './progress/reporter.js';
import type { Verb } from './verb.js';
import { visibleJson } from './visible.js';

export interface Caller {
  streams: Streams;
  /** The name that tsrun was started as (TSRUN_ARGV0): `docker` gives docker's manners. */
  argv0: string;
  debug: boolean;
  /** Takes the plan's bytes. */
  send(plan: Uint8Array): Promise<void>;
}

export interface DrivenCall<V extends Verb> {
  caller: Caller;
  values: Values<V['flags']>;
  options: OptionsOf<V['flags']> & {
    signal: AbortSignal;
    onProgress: (event: import('../index.js').PullEvent) => void;
    onNote?: (note: string) => void;
    onDebug?: (fact: string) => void;
  };
  args: string[];
  /** Shown once each time, unless the user wants quiet. */
  note(note: string): void;
  /** Reports the failure of one of several arguments and goes on. */
  fail(error: unknown): void;
}

export interface Driven<V extends Verb = Verb> {
  verb: V;
  /** Resolves with what the helper is to do, or undefined when there is nothing left to do. */
  compile(call: DrivenCall<V>): Promise<Compiled | undefined>;
}

/** For the table of them, which knows no types. */
export function driven<V extends Verb>(verb: V, compile: Driven<V>['compile']): Driven {
  return { verb, compile: compile as unknown as Driven['compile'] };
}

const OUR_FAILURE = 125;

/** Compiles the words behind the verb. Resolves with the exit code; 0 without a plan sent means that there is nothing to run. */
export async function compileVerb({ verb, compile }: Driven, words: readonly string[], caller: Caller): Promise<number> {
  const { stdout, stderr } = caller.streams;
  const { values, args, failure, notes = [] } = parse(verb, words);
  const shared = values as Values<typeof GLOBAL_FLAGS> & { help?: boolean; quiet?: boolean; verbose?: boolean; dryRun?: boolean };
  const manner = { json: shared.json, debug: shared.debug || caller.debug, ...mannerFor(caller.argv0, verb.name) };
  if (shared.help) {
    const { verbHelp } = await import('./help.js');
    stdout.write(verbHelp(verb, stdout.columns));
    return 0;
  }
  const word = manner.debug ? 'debug' : 'verbose';
  let code = 0;
  const reporter = patient(reporterFor(stderr, shared));
  const fail = (error: unknown) => {
    reporter.stop();
    code = printFailure(error, stderr, manner);
  };
  try {
    if (failure !== undefined) throw failure;
    for (const note of notes) reporter.note(note);
    const options = await withPassword(optionsOf(verb.flags, values));
    const compiled = await interruptible(
      (signal) =>
        compile({
          caller,
          values,
          options: {
            ...options,
            signal,
            onProgress: (event) => reporter.event(event),
            ...(reporter.silent ? {} : { onNote: (note: string) => reporter.note(note) }),
            ...(manner.debug || shared.verbose ? { onDebug: (fact: string) => printDebug(fact, stderr, word) } : {}),
          } as DrivenCall<Verb>['options'],
          args,
          note: (note) => reporter.note(note),
          fail: (error) => {
            fail(error);
            if (code !== 1) code = OUR_FAILURE; // 126 and 127 are for whom the command was started
          },
        }),
      (interrupted) => reporter.stop(interrupted),
    );
    if (compiled === undefined) return code;
    if (shared.dryRun) stdout.write(shared.json ? `${visibleJson(compiled.plain, 2)}\n` : compiled.printed);
    else await caller.send(compiled.plan);
  } catch (error) {
    fail(error);
  }
  return code;
}
