/** The one failure of this folder, with the text made fit for a terminal and free of pasted passwords. */
import { TsrunError } from '../errors.js';

export function refuse(text: string, reason: string, hint: string): TsrunError {
  const shown = quoted(text);
  return new TsrunError('ERR_TSRUN_REFERENCE_INVALID', `${shown} is not an image reference: ${reason}`, { subject: shown, hint });
}

/** Quoted, at most 120 characters, everything but printable ASCII escaped, a login in front of a host left out. */
export function quoted(text: string): string {
  const safe = withoutLogin(text.slice(0, 4096));
  const short = safe.length > 120 ? `${safe.slice(0, 117)}...` : safe;
  return JSON.stringify(short).replace(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Is it `USER[:PASSWORD]@HOST/NAME`, with or without a scheme and a digest? */
export function holdsLogin(text: string): boolean {
  const { name } = partsOf(text);
  const at = name.lastIndexOf('@');
  return at > 0 && name.includes('/', at);
}

/** More than holdsLogin() says: whatever might be a password does not come back. */
function withoutLogin(text: string): string {
  const { scheme, name, digest } = partsOf(text);
  const at = name.lastIndexOf('@');
  const maybe = at > 0 && (name.lastIndexOf(':', at) >= 0 || name.includes('/', at));
  return scheme + (maybe ? `***${name.slice(at)}` : name) + digest;
}

function partsOf(text: string): { scheme: string; name: string; digest: string } {
  const digest = /@sha\d+:[^@]*$/i.exec(text)?.[0] ?? '';
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(text)?.[0] ?? '';
  return { scheme, name: text.slice(scheme.length, text.length - digest.length), digest };
}
