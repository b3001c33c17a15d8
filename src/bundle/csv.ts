/** One record of CSV as docker reads it for `--mount` (RFC 4180, strict quotes, as Go's encoding/csv). Pure. */

export type CsvRecord = { fields: string[] } | { wrong: string };

/** A field is quoted whole, with `""` for a quote in it, or has no quote at all. */
export function parseCsv(text: string): CsvRecord {
  const fields: string[] = [];
  for (let at = 0; ; at++) {
    const field = text[at] === '"' ? quoted(text, at + 1) : plain(text, at);
    if ('wrong' in field) return field;
    fields.push(field.value);
    at = field.end;
    if (at === text.length) return { fields };
    if (text[at] !== ',') return { wrong: 'has something behind a closing quote' };
  }
}

type Field = { value: string; end: number } | { wrong: string };

function quoted(text: string, from: number): Field {
  let value = '';
  for (let at = from; at < text.length; at++) {
    if (text[at] !== '"') value += text[at];
    else if (text[at + 1] === '"') value += text[++at];
    else return { value, end: at + 1 };
  }
  return { wrong: 'has a quote that is not closed' };
}

function plain(text: string, from: number): Field {
  const comma = text.indexOf(',', from);
  const end = comma < 0 ? text.length : comma;
  const value = text.slice(from, end);
  if (value.includes('"')) return { wrong: 'has a quote inside a field: quote all of it, as in "src=/a,b"' };
  return /[\r\n]/.test(value) ? { wrong: 'has a line break outside of quotes' } : { value, end };
}
