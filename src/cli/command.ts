/** From a verb's data and one function to a command. The verbs' folder holds nothing else. */
import { withPassword } from './ask-creds.js';
import type { COMMON_FLAGS } from './flags/common.js';
import { type Flags, type OptionsOf, optionsOf, type Values } from './flags/flag.js';
import { verbHelp } from './help.js';
import { interruptible } from './interrupt.js';
import { isReaderGone, type Output, standardStreams } from './output.js';
import { parse } from './parse.js';
import { mannerFor, printDebug, printFailure } from './print-error.js';
import { type Reporter, reporterFor } from './progress/reporter.js';
import type { Verb } from './verb.js';
import { visibleJson } from './visible.js';

/** What a verb is called with. */
export interface Call<F extends Flags> {
  /** All values of the command line, `options` those that the library knows, with its callbacks. */
  values: Values<F>;
  options: OptionsOf<F> & { signal: AbortSignal; onNote?: (note: string) => void; onDebug?: (fact: string) => void };
  args: string[];
  /** The package's directory, with package.json. */
  root: string;
  stdout: Output;
  stderr: Output;
  reporter: Reporter;
  /** Prints a result as JSON. */
  json(value: unknown): void;
  /** Reports the failure of one of several arguments and goes on; the exit code says so in the end. */
  fail(error: unknown): void;
  /** The exit code of a verb that did what it was to do, where that is an answer. */
  endWith(code: number): void;
}

/** One of src/commands/: what a verb does. */
export interface Command {
  readonly verb: Verb;
  /** Takes the words behind the verb as they stand. Resolves with the exit code. */
  perform(words: readonly string[], root: string): Promise<number>;
}

/** A command whose words are read by our parser and whose failures are printed. */
export function defineCommand<V extends Verb>(verb: V, act: (call: Call<V['flags']>) => Promise<void>): Command {
  return { verb, perform: (words, root) => perform(verb, words, root, act) };
}

/** Parses, runs and prints; resolves with the exit code. */
async function perform<V extends Verb>(
  verb: V,
  words: readonly string[],
  root: string,
  act: (call: Call<V['flags']>) => Promise<void>,
): Promise<number> {
  const streams = standardStreams();
  const { values, args, failure } = parse(verb, words);
  const shared = values as Values<typeof COMMON_FLAGS> & { quiet?: boolean };
  const manner = {
    json: shared.json,
    debug: shared.debug || process.env['TSRUN_DEBUG'] === '1',
    ...mannerFor(process.env['TSRUN_ARGV0'], verb.name),
  };
  if (failure !== undefined) return printFailure(failure, streams.stderr, manner);
  if (shared.help) {
    streams.stdout.write(verbHelp(verb, streams.stdout.columns));
    return 0;
  }
  let code = 0;
  const reporter = reporterFor(streams.stderr, shared);
  const fail = (error: unknown) => {
    reporter.stop();
    code = isReaderGone(error) ? 128 + 13 : printFailure(error, streams.stderr, manner);
  };
  try {
    const options = await withPassword(optionsOf(verb.flags, values) as OptionsOf<V['flags']>);
    await interruptible(
      (signal) =>
        act({
          values,
          options: {
            ...options,
            signal,
            ...(reporter.silent ? {} : { onNote: (note: string) => reporter.note(note) }),
            ...(manner.debug ? { onDebug: (fact: string) => printDebug(fact, streams.stderr) } : {}),
          },
          args,
          root,
          stdout: streams.stdout,
          stderr: streams.stderr,
          reporter,
          json: (value) => streams.stdout.write(`${visibleJson(value, 2)}\n`),
          fail,
          endWith: (answer) => {
            code = answer;
          },
        }),
      (interrupted) => reporter.stop(interrupted),
      verb.undoing,
    );
  } catch (error) {
    fail(error);
  }
  return code;
}
