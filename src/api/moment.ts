/** Moments as docker's users write them. */
import { TsrunError } from '../errors.js';
import { parseDuration } from '../spec/duration.js';

/**
 * RFC 3339, `2026-01-31`, seconds since 1970, or how long ago: `90s`, `5m`, `1h30m`.
 * @returns RFC 3339 in UTC with nanoseconds, as the log has it @throws ERR_TSRUN_USAGE
 */
export function parseMoment(text: string, now = Date.now()): string {
  const [, whole, fraction = ''] = /^(\d{1,12})(?:\.(\d{1,9}))?$/.exec(text) ?? [];
  if (whole !== undefined) return inNanoseconds(Number(whole) * 1000, fraction);
  const ago = parseDuration(text);
  if (ago !== undefined) return inNanoseconds(now - ago, '');
  const [, , seconds = ''] = /^(\d{4}-\d\d-\d\d(?:T[\d:]+)?)(?:\.(\d{1,9}))?/.exec(text) ?? [];
  const zone = /(Z|[+-]\d\d:?\d\d)$/.test(text) || !text.includes('T') ? '' : 'Z';
  const milliseconds = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text.replace(/\.\d+/, '') + zone) : Number.NaN;
  if (!Number.isNaN(milliseconds)) return inNanoseconds(milliseconds, seconds);
  throw new TsrunError('ERR_TSRUN_USAGE', `${JSON.stringify(text)} is not a time`, {
    subject: text,
    hint: 'write such as 10m, 2026-01-31T13:00:00Z, or seconds since 1970',
  });
}

function inNanoseconds(milliseconds: number, fraction: string): string {
  const iso = new Date(milliseconds).toISOString();
  return fraction === '' ? `${iso.slice(0, -1)}000000Z` : `${iso.slice(0, 19)}.${fraction.padEnd(9, '0')}Z`;
}
