import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseCsv } from '../../src/bundle/csv.js';

const quote = (field: string) => `"${field.replaceAll('"', '""')}"`;
const plain = fc.string().filter((text) => !/[",\r\n]/.test(text));

describe('a record of CSV', () => {
  it('is what was written, quoted or not', () => {
    const field = fc.oneof(
      plain.map((text) => ({ text, written: text })),
      fc.string().map((text) => ({ text, written: quote(text) })),
    );
    fc.assert(
      fc.property(fc.array(field, { minLength: 1 }), (fields) => {
        const written = fields.map((each) => each.written).join(',');
        assert.deepEqual(parseCsv(written), { fields: fields.map(({ text }) => text) });
      }),
    );
  });

  it('is fields, or something wrong; never lost text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', ',', '"', '=', '\n') }), (text) => {
        const record = parseCsv(text);
        if ('wrong' in record) return;
        const spelled = record.fields.map((field) => [field, quote(field)]);
        const all = spelled.reduce<string[]>((heads, both) => heads.flatMap((head) => both.map((each) => `${head},${each}`)), ['']);
        assert.ok(all.some((one) => one.slice(1) === text));
      }),
      { numRuns: 300 },
    );
  });

  it('has docker’s strictness', () => {
    for (const [text, wrong] of [
      ['src="/a"', /quote inside/],
      ['"a"b', /behind a closing quote/],
      ['"a', /not closed/],
      ['a\nb', /line break/],
    ] as const) {
      const record = parseCsv(text);
      assert.ok('wrong' in record && wrong.test(record.wrong), text);
    }
    assert.deepEqual(parseCsv('type=bind,"src=/a,""b""",dst=/c,'), { fields: ['type=bind', 'src=/a,"b"', 'dst=/c', ''] });
  });
});
