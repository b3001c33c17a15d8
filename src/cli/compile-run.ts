/**
 * The compiler's side of `tsrun run`: command line in, launch plan out. The native helper forks it on a cold start and executes
 * the plan when it has ended, so nothing here may hold the standard descriptors or stay behind.
 */
import { basename } from 'node:path';
import { TsrunError } from '../errors.js';
import { optionsOf } from './flags/flag.js';
import { RUN } from './flags/run.js';
import { interruptible } from './interrupt.js';
import type { Streams } from './output.js';
import { parse } from './parse.js';
import { printFailure } from './print-error.js';
import { patient } from './progress/patient.js';
import { reporterFor } from './progress/reporter.js';

type RunValues = ReturnType<typeof parse<typeof RUN>>['values'];

export interface Caller {
  streams: Streams;
  /** The name that tsrun was started as (TSRUN_ARGV0): `docker` gives docker's manners. */
  argv0: string;
  debug: boolean;
  /** Takes the plan's bytes. */
  send(plan: Uint8Array): void;
}

/** Compiles the words behind `run`. Resolves with the exit code; 0 without a plan sent means that there is nothing to run. */
export async function compileRunVerb(words: readonly string[], caller: Caller): Promise<number> {
  const { stdout, stderr } = caller.streams;
  const { values, args, failure } = parse(RUN, words);
  const manner = { json: values.json, debug: values.debug || caller.debug };
  if (values.help) {
    const { verbHelp } = await import('./help.js');
    stdout.write(verbHelp(RUN, stdout.columns));
    return 0;
  }
  const reporter = patient(reporterFor(stderr, values));
  try {
    if (failure !== undefined) throw failure;
    const terminal = chooseTerminal(values, caller);
    if (terminal.note !== undefined) reporter.note(terminal.note);
    const [image = '', ...command] = args;
    const compiled = await interruptible(
      async (signal) => {
        const { compileRun } = await import('../index.js');
        return compileRun(image, command, {
          ...optionsOf(RUN.flags, values),
          ...terminal.options,
          signal,
          onProgress: (event) => reporter.event(event),
          ...(reporter.silent ? {} : { onNote: (note: string) => reporter.note(note) }),
          ...(manner.debug ? { onDebug: (fact: string) => stderr.write(`debug: ${fact}\n`) } : {}),
        });
      },
      () => reporter.stop(),
    );
    if (values.dryRun) stdout.write(compiled.printed.endsWith('\n') ? compiled.printed : `${compiled.printed}\n`);
    else caller.send(compiled.plan);
    return 0;
  } catch (error) {
    reporter.stop();
    return printFailure(error, stderr, manner);
  }
}

interface TerminalChoice {
  options: { interactive?: boolean; tty?: boolean };
  note?: string;
}

/**
 * Without `-i` and `-t`, on a terminal for input and output, both are implied: `tsrun run alpine sh` must be a shell.
 * `-i -t` without a terminal is docker's error, and podman's way otherwise: a pty all the same, fed from what there is.
 */
export function chooseTerminal(values: Pick<RunValues, 'interactive' | 'tty'>, caller: Pick<Caller, 'streams' | 'argv0'>): TerminalChoice {
  const { stdinIsTerminal, stdout } = caller.streams;
  const docker = isDocker(caller.argv0);
  if (values.interactive === undefined && values.tty === undefined) {
    return { options: !docker && stdinIsTerminal && stdout.isTerminal ? { interactive: true, tty: true } : {} };
  }
  if (!values.interactive || !values.tty || stdinIsTerminal) return { options: {} };
  if (docker)
    throw new TsrunError('ERR_TSRUN_USAGE', 'the input device is not a TTY', { hint: 'leave out -t to feed the container from a pipe' });
  return {
    options: {},
    note: 'standard input is not a terminal: the container gets one that is fed from it (leave out -t for plain pipes)',
  };
}

function isDocker(argv0: string): boolean {
  return basename(argv0) === 'docker';
}
