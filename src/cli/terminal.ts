/** Whether a container gets a terminal: what was asked for, what there is, and as whom tsrun was called. */
import { TsrunError } from '../errors.js';
import { isDocker } from './docker.js';
import type { Streams } from './output.js';

export interface TerminalChoice {
  options: { interactive?: boolean; tty?: boolean };
  note?: string;
}

interface Asked {
  interactive?: boolean;
  tty?: boolean;
  detach?: boolean;
  /** Of run: the streams that are shown. */
  attach?: readonly string[];
}

/**
 * Without `-i` and `-t`, on a terminal for all three streams and in its foreground, both are implied: `tsrun run alpine sh` must be a
 * shell, and `tsrun run alpine make &` must not be stopped for it.
 */
function impliedTerminal({ interactive, tty, detach, attach }: Asked, streams: Streams, argv0: string): TerminalChoice {
  if (interactive !== undefined || tty !== undefined || detach || attach || isDocker(argv0)) return { options: {} };
  const terminals = streams.stdinIsTerminal && streams.stdout.isTerminal && streams.stderr.isTerminal;
  return { options: terminals && streams.isForeground() ? { interactive: true, tty: true } : {} };
}

/** `-i -t` without a terminal is docker's error, and podman's way otherwise: a pty all the same, fed from what there is. */
function askedTerminal({ interactive, tty, detach }: Asked, streams: Streams, argv0: string): TerminalChoice {
  if (!interactive || !tty || detach || streams.stdinIsTerminal) return { options: {} };
  if (isDocker(argv0))
    throw new TsrunError('ERR_TSRUN_NO_TERMINAL', 'the input device is not a TTY', {
      hint: 'leave out -t to feed the container from a pipe',
    });
  return {
    options: {},
    note: 'standard input is not a terminal: the container gets one that is fed from it (leave out -t for plain pipes)',
  };
}

/** Both, in this order. */
export function chooseTerminal(asked: Asked, streams: Streams, argv0: string): TerminalChoice {
  const implied = impliedTerminal(asked, streams, argv0);
  return implied.options.tty ? implied : askedTerminal(asked, streams, argv0);
}
