/** The one place that prints a failure: one sentence and what to do next, or an object; causes for TSRUN_DEBUG=1. */
import { inspect } from 'node:util';
import { asTsrunError, type TsrunError } from '../errors.js';
import { inDockersWords, isDocker } from './docker.js';
import type { Output } from './output.js';
import { visible, visibleJson } from './visible.js';

export interface Manner {
  json?: boolean | undefined;
  debug?: boolean | undefined;
  /** tsrun was called as docker, with this verb. */
  docker?: string | undefined;
}

/** @param argv0 what tsrun was called as */
export function mannerFor(argv0: string | undefined, verb: string): Pick<Manner, 'docker'> {
  return isDocker(argv0 ?? '') ? { docker: verb } : {};
}

/** Prints the failure and returns the exit code it asks for. */
export function printFailure(thrown: unknown, stderr: Output, manner: Manner): number {
  const error = asTsrunError(thrown);
  if (manner.docker !== undefined && !manner.json) {
    const { text, code } = inDockersWords(error, manner.docker);
    stderr.write(`${text.split('\n').map(visible).join('\n')}\n`);
    if (manner.debug) stderr.write(`${causes(error)}\n`);
    return code;
  }
  stderr.write(manner.json ? `${visibleJson(error)}\n` : `${sentence(error)}\n`);
  if (manner.debug) stderr.write(`${causes(error)}\n`);
  return error.exitCode;
}

/** `tsrun: message: hint`; a hint that is a sentence of its own ("Did you mean …?") follows a full stop. */
export function sentence(error: TsrunError): string {
  const message = `tsrun: ${visible(error.message)}`.replace('tsrun: tsrun ', 'tsrun ');
  if (error.hint === undefined) return message;
  const joint = /^\p{Lu}/u.test(error.hint) ? '. ' : ': ';
  return `${message}${joint}${visible(error.hint)}`;
}

export function printNote(note: string, stderr: Output): void {
  stderr.write(`note: ${visible(note)}\n`);
}

/** What was chosen and why, for --debug. */
export function printDebug(fact: string, stderr: Output, word = 'debug'): void {
  stderr.write(`${word}: ${visible(withoutSecrets(fact))}\n`);
}

function causes(error: TsrunError): string {
  const lines = inspect(error, { depth: 4, maxStringLength: 2000, breakLength: 120 }).split('\n');
  return lines.map((line) => `  ${visible(withoutSecrets(line))}`).join('\n');
}

/** A last line of defence: what looks like a credential in a cause is not shown. */
export function withoutSecrets(text: string): string {
  return text
    .replace(/\b(Bearer|Basic)(\s+)[\w.~+/=-]{6,}/gi, '$1$2***')
    .replace(/(\w:\/\/)[^/\s'"@]*@/g, '$1***@')
    .replace(
      /("?(?:password|token|access_token|refresh_token|identitytoken|auth|authorization)"?\s*[:=]\s*)(?:"[^"]*"|'[^']*'|[^\s,;}]+)/gi,
      '$1***',
    );
}
