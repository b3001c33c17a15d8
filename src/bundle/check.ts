/** What no string may hold that an image or a file brings. */
import { type ErrorCode, TsrunError } from '../errors.js';

/**
 * Refuses NUL: no path, argument or variable of Linux can hold it, and between two of them a slot is written. A string of an image with one
 * could otherwise ask for a variable of the caller's environment.
 * @param what names the string in the message
 */
export function checkText(text: string, what: string, code: ErrorCode = 'ERR_TSRUN_CONFIG_INVALID'): string {
  if (!text.includes('\0')) return text;
  throw new TsrunError(code, `${what} holds a NUL byte`, {
    hint: code === 'ERR_TSRUN_USAGE' ? 'remove it' : 'use another image: this one is damaged or hostile',
  });
}
