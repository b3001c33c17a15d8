/** A verb of the command line as plain data: what help, the parser and oclif's classes are made from. */
import type { Completed, Flags } from './flags/flag.js';

interface Arg {
  readonly name: string;
  readonly help: string;
  readonly required?: boolean;
  /** Takes all that follow; only the last argument may. */
  readonly many?: boolean;
  readonly complete?: Completed;
}

export interface Verb {
  /** One or two words: `pull`, `image inspect`. */
  readonly name: string;
  /** docker's other names for it. */
  readonly aliases?: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly args: readonly Arg[];
  /** false: flags end at the first argument, and everything behind it is passed on untouched. */
  readonly interspersed: boolean;
  /** Milliseconds that ^C waits for it to take away what it made; for what no later run would find. */
  readonly undoing?: number;
  /** Command lines, each with what it is for. */
  readonly examples: readonly (readonly [command: string, what: string])[];
  readonly flags: Flags;
  /** Flags of docker that tsrun does not have, with their letters (or ''): refused by name. */
  readonly later?: Readonly<Record<string, string>>;
}

/** `tsrun rmi [options] IMAGE...` */
export function usageOf(verb: Verb): string {
  const words = verb.args.map((arg) => {
    const name = arg.many ? `${arg.name}...` : arg.name;
    return arg.required ? name : `[${name}]`;
  });
  return ['tsrun', verb.name, '[options]', ...words].join(' ');
}
