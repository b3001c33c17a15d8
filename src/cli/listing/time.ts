/** Moments as docker's listings print them: Go's time.Time.String(), in the caller's time zone. */

/** `2024-01-01 13:00:00 +0100 CET`; the zone's name where it has one that letters spell, else its hours. Undefined when it is no time. */
export function goTime(text: string | undefined, timeZone?: string): string | undefined {
  const time = new Date(text ?? '');
  if (Number.isNaN(time.getTime())) return undefined;
  const parts = new Map(
    new Intl.DateTimeFormat('en-US', { ...NUMERIC, ...(timeZone === undefined ? {} : { timeZone }) })
      .formatToParts(time)
      .map(({ type, value }) => [type, value]),
  );
  const at = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? '';
  const offset = at('timeZoneName').replace('GMT', '').replace(':', '') || '+0000';
  const name = new Intl.DateTimeFormat('en-US', { timeZoneName: 'short', ...(timeZone === undefined ? {} : { timeZone }) })
    .formatToParts(time)
    .find(({ type }) => type === 'timeZoneName')?.value;
  const shown = name !== undefined && /^[A-Z]+$/.test(name) ? name : offset.replace(/00$/, '');
  const year = at('year').padStart(4, '0');
  return `${year}-${at('month')}-${at('day')} ${at('hour')}:${at('minute')}:${at('second')} ${offset} ${shown}`;
}

const NUMERIC: Intl.DateTimeFormatOptions = {
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
  timeZoneName: 'longOffset',
};

/** `2024-01-01T13:00:00+01:00`: Go's time.RFC3339, in the caller's time zone. Undefined when it is no time. */
export function rfc3339(text: string | undefined, timeZone?: string): string | undefined {
  const [, day, time, hours = '', minutes = ''] = /^(\S+) (\S+) ([+-]\d\d)(\d\d)/.exec(goTime(text, timeZone) ?? '') ?? [];
  return day === undefined ? undefined : `${day}T${time}${hours === '+00' && minutes === '00' ? 'Z' : `${hours}:${minutes}`}`;
}
