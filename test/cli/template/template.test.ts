import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { templateValue } from '../../../src/cli/listing/shape.js';
import { LONGEST_TEMPLATE } from '../../../src/cli/template/limits.js';
import { parseTemplate } from '../../../src/cli/template/template.js';
import { Float, GoMap, Struct, type Value } from '../../../src/cli/template/value.js';
import { TsrunError } from '../../../src/errors.js';
import { CONTAINER, PRINTED, REFUSED } from './recorded.js';

const container = templateValue(CONTAINER);
const print = (template: string, data: Value = container) => parseTemplate(template).execute(data);

describe('a template', () => {
  for (const [template, printed] of PRINTED) {
    it(`prints as docker does: ${JSON.stringify(template)}`, () => {
      assert.equal(print(template), printed);
    });
  }

  for (const template of REFUSED) {
    it(`is refused as by docker: ${JSON.stringify(template)}`, () => {
      assert.throws(() => print(template), { code: 'ERR_TSRUN_TEMPLATE', message: /^template parsing error: / });
    });
  }

  const sentences: [template: string, said: RegExp, hint?: RegExp][] = [
    ['{{.Nmae}}', /<\.Nmae>: there is no field Nmae, only Args, Config, .*State$/, /^Did you mean \.Name\?$/],
    ['{{.State.status}}', /there is no field status, only Dead, /, /\.Status/],
    ['{{uper .Name}}', /there is no function uper$/, /^Did you mean upper\?$/],
    ['{{nothing .Name}}', /there is no function nothing$/, /there are and, eq, .*urlquery$/],
    ['{{define "x"}}{{end}}', /have no \{\{define\}\}/],
    ['{{.State.Health.Status}}', /Status is asked of is nil/, /\{\{with …\}\}/],
    ['{{9007199254740993}}', /is too large/],
    ['{{slice .Args 1 2 3}}', /want at most 3, got 4/],
    [`{{.${'x'.repeat(500)}}}`, /x{50}\.\.\./],
  ];
  for (const [template, said, hint] of sentences) {
    it(`says what is wrong with ${template.slice(0, 40)}`, () => {
      assert.throws(
        () => print(template),
        (error: TsrunError) => {
          assert.match(error.message, said);
          if (hint) assert.match(error.hint ?? '', hint);
          return true;
        },
      );
    });
  }

  it('tells which fields of the data it names', () => {
    const { fields } = parseTemplate(
      '{{.A}}{{if .B.C}}{{.D}}{{end}}{{range .E}}{{.F}}{{$.G}}{{else}}{{.H}}{{end}}{{lower (.I | upper)}}{{with .J}}{{.K}}{{end}}',
    );
    assert.deepEqual([...fields].sort(), ['A', 'B', 'D', 'E', 'G', 'H', 'I', 'J']);
  });

  it('leaves the heads of a table alone where docker does', () => {
    const names = new Struct(['A'], () => 'HEAD', { methods: { Label: (name) => `label ${name}` } });
    assert.equal(
      parseTemplate('{{lower .A}} {{json .A}} {{truncate .A 2}} {{pad .A 1 1}}|{{.Label "x"}}').heads(names),
      'HEAD HEAD HEAD  HEAD |label x',
    );
  });

  it('takes keys such as __proto__ and constructor as what they are', () => {
    const data = new GoMap(Object.entries(JSON.parse('{"__proto__":"p","constructor":"c"}')));
    assert.equal(
      print('{{.__proto__}} {{.constructor}} {{.toString}} {{json .}}', data),
      'p c <no value> {"__proto__":"p","constructor":"c"}',
    );
    assert.throws(() => print('{{.constructor}}'), { code: 'ERR_TSRUN_TEMPLATE' });
  });

  it('prints floats and marks of the terminal in JSON that is safe and still JSON', () => {
    const data = new GoMap([
      ['a', new Float(0.5)],
      ['b', '\x7f\u202e\x1b'],
    ]);
    assert.equal(print('{{json .}}', data), '{"a":0.5,"b":"\\u007f\\u202e\\u001b"}');
  });
});

describe('a template that would not end', () => {
  const doubling = `{{$x := "aaaaaaaaaaaaaaaa"}}${'{{$x = print $x $x}}'.repeat(60)}`;
  const costly: [what: string, template: string][] = [
    ['is too long', 'x'.repeat(LONGEST_TEMPLATE + 1)],
    ['walks too far', '{{range 1000000000}}{{range 1000000000}}{{end}}{{end}}'],
    ['doubles a text sixty times', doubling],
    ['prints the same for ever', '{{range 100000000}}aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa{{end}}'],
    ['has a thousand parentheses', `{{${'('.repeat(1000)}1${')'.repeat(1000)}}}`],
    ['has a thousand blocks', `${'{{if 1}}'.repeat(1000)}${'{{end}}'.repeat(1000)}`],
    ['has a thousand else-ifs', `{{if 0}}${'{{else if 0}}'.repeat(1000)}{{end}}`],
    ['pads with a million blanks', '{{pad "x" 1000000 0}}'],
  ];
  for (const [what, template] of costly) {
    it(`is refused when it ${what}`, () => {
      assert.throws(() => print(template), { code: 'ERR_TSRUN_TEMPLATE' });
    });
  }

  it('is told of a width that is no width, as Go does', () => {
    assert.equal(print('{{printf "%99999999d|" 1}}'), '%!(BADWIDTH)1|');
  });

  it('is refused for data that are nested too deeply', () => {
    let deep: object = {};
    for (let level = 0; level < 500; level++) deep = { deep };
    assert.throws(() => print('{{json .}}', templateValue(deep)), { code: 'ERR_TSRUN_TEMPLATE' });
    assert.throws(() => print('{{.}}', templateValue(deep)), { code: 'ERR_TSRUN_TEMPLATE' });
  });
});

describe('any text at all', () => {
  const bits = [
    ...'{{}}{{- -}}()|.,$:=="`\'\\ \n\t0123456789.e%-+*[]',
    'x',
    '{{',
    '}}',
    '{{-',
    ' -}}',
    '{{/*',
    '*/}}',
    '{{end}}',
    '{{else}}',
  ].concat(
    [
      'if ',
      'range ',
      'with ',
      'end',
      'else ',
      'break',
      'continue',
      'nil',
      'true',
      '.Name',
      '.Config',
      '.Labels',
      '.Args',
      '.Mounts',
      '$x',
      '$x := ',
      '$i, $v := ',
    ],
    [
      'eq ',
      'lt ',
      'and ',
      'or ',
      'not ',
      'len ',
      'index ',
      'slice ',
      'print ',
      'printf ',
      'json ',
      'join ',
      'split ',
      'title ',
      'pad ',
      'truncate ',
      'html ',
      'js ',
    ],
    ['"%s %d %q %v %x"', '"%5.2f|%-*d|%[2]v"', '1', '-1', '1.5', '0x1f', '"a"', '`b`', "'c'", 'é', '\ud800'],
  );
  const template = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.array(fc.constantFrom(...bits), { maxLength: 25 }).map((parts) => parts.join('')),
    fc.array(fc.constantFrom(...bits), { maxLength: 12 }).map((parts) => `{{${parts.join('')}}}`),
    fc
      .array(fc.array(fc.constantFrom(...bits.slice(30)), { minLength: 1, maxLength: 5 }), { maxLength: 5 })
      .map((actions) => actions.map((parts) => `{{${parts.join(' ')}}}`).join('')),
  );

  it('is printed or refused with a TsrunError, and nothing else happens', () => {
    fc.assert(
      fc.property(template, (text) => {
        try {
          assert.equal(typeof print(text), 'string');
        } catch (error) {
          assert.ok(error instanceof TsrunError && error.code === 'ERR_TSRUN_TEMPLATE', `${JSON.stringify(text)}: ${error}`);
        }
      }),
      { numRuns: 5000 },
    );
  });

  it('prints itself when it has no braces', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }).filter((text) => !text.includes('{{')),
        (text) => assert.equal(print(text), text),
      ),
    );
  });

  it('is what a quoted text in a template stands for', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        assert.equal(print(`{{${JSON.stringify(text)}}}`), text);
        assert.equal(print('{{.}}', text), text);
        assert.deepEqual(JSON.parse(print('{{json .}}', text)), text);
      }),
    );
  });

  it('is listed by printf whatever the directive and the data', () => {
    const values: fc.Arbitrary<Value> = fc.oneof(
      fc.string(),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.constant(undefined),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => new Float(value)),
      fc.array(fc.string()),
      fc.dictionary(fc.string(), fc.string()).map((each) => new GoMap(Object.entries(each))),
    );
    fc.assert(
      fc.property(fc.stringMatching(/^%[-+# 0]{0,3}(\d{0,2}|\*)(\.(\d{0,2}|\*))?[a-zA-Z%]?$/), values, (directive, value) => {
        assert.equal(typeof print(`{{printf ${JSON.stringify(directive)} . .}}`, value), 'string');
      }),
      { numRuns: 2000 },
    );
  });
});
