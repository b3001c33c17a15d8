/** The one failure of this folder, with the text made fit for a terminal and free of pasted passwords. */
import { TsrunError } from '../errors.js';

export function refuse(text: string, reason: string, hint: string): TsrunError {
  const shown = quoted(text);
  return new TsrunError('ERR_TSRUN_REFERENCE_INVALID', `${shown} is not an image reference: ${reason}`, { subject: shown, hint });
}

/** Quoted, at most 120 characters, everything but printable ASCII escaped, `user:password@` of a URL left out. */
export function quoted(text: string): string {
  const safe = text.slice(0, 4096).replace(/\/\/[^/]*@/g, '//***@');
  const short = safe.length > 120 ? `${safe.slice(0, 117)}...` : safe;
  return JSON.stringify(short).replace(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
