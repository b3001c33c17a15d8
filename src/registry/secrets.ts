/** What must never be shown: a registry or proxy may send our own credentials back to us inside an error. */
import { TsrunError } from '../errors.js';

export interface Secrets {
  keep(secret: string): void;
  /** The text without any kept secret (in whatever case), without control characters (terminal escapes), at most 300 characters. */
  scrub(text: string): string;
  /** The error itself, or where it repeats a secret a copy that does not. The last guard of the client. */
  guard(error: unknown): unknown;
}

/** Shorter strings would tear holes into every message and protect nobody. */
const SHORTEST = 4;
const LONGEST_SHOWN = 300;

export function createSecrets(): Secrets {
  const kept = new Set<string>();

  function cut(text: string): string {
    // Longest first: one secret may contain another
    const patterns = [...kept].sort((a, b) => b.length - a.length).map((secret) => secret.replace(/[^A-Za-z0-9]/g, '\\$&'));
    return patterns.length === 0 ? text : text.replace(new RegExp(patterns.join('|'), 'gi'), '***');
  }

  function scrub(text: string): string {
    const printable = cut(text)
      .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
      .trim();
    return printable.length > LONGEST_SHOWN ? `${printable.slice(0, LONGEST_SHOWN - 3)}...` : printable;
  }

  function guard(error: unknown): unknown {
    if (!(error instanceof TsrunError)) return error;
    const { code, message, subject, hint, cause } = error;
    const causeText = cause instanceof Error ? `${cause.message}${cause.stack}` : '';
    const all = [message, subject, hint, causeText].join('\n');
    if (cut(all) === all) return error;
    return new TsrunError(code, scrub(message), {
      ...(subject === undefined ? {} : { subject: scrub(subject) }),
      ...(hint === undefined ? {} : { hint: scrub(hint) }),
    });
  }

  return {
    keep: (secret) => {
      if (secret.length >= SHORTEST) kept.add(secret);
    },
    scrub,
    guard,
  };
}
