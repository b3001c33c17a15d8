/** Failure records of the helper (native/record.c), and the words for what is in them. */
import { constants } from 'node:os';
import { errnoWords } from '../errors.js';

export interface FailureRecord {
  process: string;
  stage: string;
  operation: string;
  /** The path, program or words that the operation was about; may be empty. */
  path: string;
  /** errno */
  error: number;
}

/** Five fields, each ended by NUL. */
export function parseRecord(bytes: Uint8Array): FailureRecord {
  const [process = '', stage = '', operation = '', path = '', error = '0'] = Buffer.from(bytes).toString('utf8').split('\0');
  return { process, stage, operation, path, error: Number(error) };
}

/** Numbers of the errno names; EUSERS is not among Node's. */
export const ERRNO = { ...constants.errno, EUSERS: 87 };

/** An errno in words. */
export function reason(error: number): string {
  const name = Object.entries(ERRNO).find(([, number]) => number === error)?.[0] ?? `errno ${error}`;
  return errnoWords(name);
}

/** A path or name in a sentence. */
export function shown(path: string): string {
  return JSON.stringify(path);
}
