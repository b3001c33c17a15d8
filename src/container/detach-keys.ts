/** docker's way to write keys: letters, or `ctrl-` and one of `a`…`z`, `@`, `[`, `\`, `]`, `^`, `_`; several with commas between. */
import { TsrunError } from '../errors.js';

/** docker's. */
const DETACH_KEYS = 'ctrl-p,ctrl-q';

/** @returns the bytes that a terminal sends for them; none for ''. @throws ERR_TSRUN_USAGE */
export function parseDetachKeys(text: string = DETACH_KEYS): Uint8Array {
  const keys = text === '' ? [] : text.split(',');
  const bytes = keys.map((key) => {
    if (/^[!-+\--~]$/.test(key)) return key.charCodeAt(0);
    const [, control] = /^ctrl-([a-z@[\\\]^_])$/i.exec(key) ?? [];
    return control === undefined ? undefined : control.toUpperCase().charCodeAt(0) & 0x1f;
  });
  if (bytes.length <= 16 && bytes.every((byte) => byte !== undefined)) return Uint8Array.from(bytes);
  throw new TsrunError('ERR_TSRUN_USAGE', `${JSON.stringify(text)} are not keys to detach with`, {
    subject: text,
    hint: 'write such as ctrl-p,ctrl-q or ctrl-a,d',
  });
}
