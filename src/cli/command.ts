/** From a verb's data and one function to an oclif command. The verbs' folder holds nothing else. */
import { Command } from '@oclif/core';
import type { COMMON_FLAGS } from './flags/common.js';
import { type Flags, type OptionsOf, optionsOf, type Values } from './flags/flag.js';
import { verbHelp } from './help.js';
import { interruptible } from './interrupt.js';
import { type Output, standardStreams } from './output.js';
import { parse } from './parse.js';
import { mannerFor, printFailure } from './print-error.js';
import { type Reporter, reporterFor } from './progress/reporter.js';
import { toOclif, toOclifArgs } from './to-oclif.js';
import { usageOf, type Verb } from './verb.js';
import { visibleJson } from './visible.js';

/** What a verb is called with. */
export interface Call<F extends Flags> {
  /** All values of the command line, `options` those that the library knows, with its callbacks. */
  values: Values<F>;
  options: OptionsOf<F> & { signal: AbortSignal; onNote?: (note: string) => void };
  args: string[];
  config: Command['config'];
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

/** An oclif command whose words `run` takes as they stand and whose metadata our own data makes. Resolves with the exit code. */
export function defineVerb(verb: Verb, run: (words: readonly string[], config: Command['config']) => Promise<number>): typeof Command {
  return class extends Command {
    static override summary = verb.summary;
    static override usage = usageOf(verb).replace(/^tsrun /, '');
    static override aliases = (verb.aliases ?? []).map((alias) => alias.replaceAll(' ', ':'));
    static override flags = toOclif(verb.flags);
    static override args = toOclifArgs(verb);
    static override strict = !verb.args.some((arg) => arg.many);
    static override examples = verb.examples.map(([command]) => command);

    override async run(): Promise<number> {
      this.parsed = true;
      return run(this.argv, this.config);
    }

    // oclif would set an exit code of its own; a failure is printed where all are.
    protected override async catch(error: Error): Promise<void> {
      throw error;
    }
  };
}

/** The same, with the words read by our own parser. */
export function defineCommand<V extends Verb>(verb: V, act: (call: Call<V['flags']>) => Promise<void>): typeof Command {
  return defineVerb(verb, (words, config) => perform(verb, words, config, act));
}

/** Parses, runs and prints; resolves with the exit code. */
async function perform<V extends Verb>(
  verb: V,
  words: readonly string[],
  config: Command['config'],
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
    code = printFailure(error, streams.stderr, manner);
  };
  const options = optionsOf(verb.flags, values) as OptionsOf<V['flags']>;
  try {
    await interruptible(
      (signal) =>
        act({
          values,
          options: { ...options, signal, ...(reporter.silent ? {} : { onNote: (note: string) => reporter.note(note) }) },
          args,
          config,
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
