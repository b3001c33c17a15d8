import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Parser } from '@oclif/core';
import fc from 'fast-check';
import { CREATE } from '../../src/cli/flags/create.js';
import { camelCase, optionsOf } from '../../src/cli/flags/flag.js';
import { IMAGES } from '../../src/cli/flags/images.js';
import { RMI } from '../../src/cli/flags/rmi.js';
import { RUN } from '../../src/cli/flags/run.js';
import { toOclif } from '../../src/cli/oclif.js';
import { parse } from '../../src/cli/parse.js';
import type { Verb } from '../../src/cli/verb.js';
import { VERBS } from '../../src/cli/verbs.js';

describe('a command line of run', () => {
  const cases: [words: string[], values: Record<string, unknown>, args: string[]][] = [
    [['alpine'], {}, ['alpine']],
    [['--rm', 'alpine', 'ls', '--rm', '-la'], { rm: true }, ['alpine', 'ls', '--rm', '-la']],
    [['alpine', 'echo', 'a', 'b', 'a'], {}, ['alpine', 'echo', 'a', 'b', 'a']],
    [['alpine', '', 'two\nlines', ' ', '--', '-'], {}, ['alpine', '', 'two\nlines', ' ', '--', '-']],
    [['--', 'alpine', '--', 'ls'], {}, ['alpine', '--', 'ls']],
    [['--rm', '--', '--rm'], { rm: true }, ['--rm']],
    [['-', 'x'], {}, ['-', 'x']],
    [['', 'x'], {}, ['', 'x']],
    [['--name=web', 'alpine'], { name: 'web' }, ['alpine']],
    [['--name', 'web', 'alpine'], { name: 'web' }, ['alpine']],
    [['--name=', 'alpine'], { name: '' }, ['alpine']],
    [['--entrypoint', '', 'alpine'], { entrypoint: '' }, ['alpine']],
    [['--name', '--rm', 'alpine'], { name: '--rm' }, ['alpine']],
    [['--name', 'a', '--name', 'b', 'alpine'], { name: 'b' }, ['alpine']],
    [['-it', 'alpine'], { interactive: true, tty: true }, ['alpine']],
    [['-it=false', 'alpine'], { interactive: true, tty: false }, ['alpine']],
    [['-i=0', '-t=T', 'alpine'], { interactive: false, tty: true }, ['alpine']],
    [['--rm=false', 'alpine'], { rm: false }, ['alpine']],
    [['--rm', 'false'], { rm: true }, ['false']],
    [['-eA=1', '-e', 'B=2', '-e=C=3', '--env', 'D', '--env=E=', 'alpine'], { env: ['A=1', 'B=2', 'C=3', 'D', 'E='] }, ['alpine']],
    [['-e=', 'alpine'], { env: ['='] }, ['alpine']],
    [['-e', '', 'alpine'], { env: [''] }, ['alpine']],
    [['-itw/src', 'alpine'], { interactive: true, tty: true, workdir: '/src' }, ['alpine']],
    [['-itw', '/src', 'alpine'], { interactive: true, tty: true, workdir: '/src' }, ['alpine']],
    [['-h', 'box', 'alpine'], { hostname: 'box' }, ['alpine']],
    [['--tls-verify=false', '--read-only', 'alpine'], { tlsVerify: false, readOnly: true }, ['alpine']],
    [['--network', 'host', '--pull=never', 'alpine'], { network: 'host', pull: 'never' }, ['alpine']],
    [['--net', 'none', '--net=host', 'alpine'], { network: 'host' }, ['alpine']],
    [['--help'], { help: true }, []],
  ];
  for (const [words, values, args] of cases) {
    it(`reads ${JSON.stringify(words)}`, () => {
      assert.deepEqual(parse(RUN, words), { values, args });
    });
  }

  const refusals: [words: string[], message: string, hint?: RegExp][] = [
    [['--foo', 'alpine'], 'unknown flag: --foo', /tsrun run --help/],
    [['--nmae=x', 'alpine'], 'unknown flag: --nmae', /^Did you mean --name\?$/],
    [['--readonly', 'alpine'], 'unknown flag: --readonly', /--read-only/],
    [['-iX', 'alpine'], "unknown shorthand flag: 'X' in -iX"],
    [['-i=', 'alpine'], "unknown shorthand flag: '=' in -i="],
    [['---rm'], 'bad flag syntax: ---rm'],
    [['--=x'], 'bad flag syntax: --=x'],
    [['--name'], 'flag needs an argument: --name'],
    [['-e'], "flag needs an argument: 'e' in -e"],
    [['--rm=maybe', 'alpine'], 'invalid argument "maybe" for "--rm" flag: must be true or false'],
    [['--__proto__', 'alpine'], 'unknown flag: --__proto__'],
    [['--constructor=1', 'alpine'], 'unknown flag: --constructor'],
    [['-m', '1g', 'alpine'], 'tsrun run has no -m (--memory) yet'],
    [['-itm', '1g', 'alpine'], 'tsrun run has no -m (--memory) yet'],
    [['--stop-timeout', 'soon', 'alpine'], 'invalid argument "soon" for "--stop-timeout" flag: it is not a number of seconds'],
    [[], 'tsrun run needs an IMAGE', /tsrun run --help/],
    [['--rm'], 'tsrun run needs an IMAGE'],
  ];
  for (const [words, message, hint] of refusals) {
    it(`refuses ${JSON.stringify(words)}`, () => {
      const { failure } = parse(RUN, words);
      assert.equal(failure?.message, message);
      assert.equal(failure?.exitCode, 125);
      if (hint !== undefined) assert.match(failure?.hint ?? '', hint);
    });
  }

  it('accepts flags that change nothing with a note, and refuses their other values by name', () => {
    const parsed = parse(RUN, ['--kernel-memory', '1g', '--disable-content-trust', '--isolation=default', '--rm', 'alpine']);
    assert.deepEqual(
      [parsed.values, parsed.args, parsed.failure, parsed.notes?.length],
      [{ isolation: 'default', rm: true }, ['alpine'], undefined, 2],
    );
    for (const words of [['--disable-content-trust=false'], ['--gpus', 'all'], ['--memory-swappiness=7']])
      assert.equal(parse(RUN, [...words, 'alpine']).failure?.code, 'ERR_TSRUN_UNSUPPORTED', words.join());
    for (const words of [['--passwd=maybe'], ['--isolation', 'hyperv']])
      assert.equal(parse(RUN, [...words, 'alpine']).failure?.code, 'ERR_TSRUN_USAGE', words.join());
    assert.deepEqual(parse(CREATE, ['-astdout', '-a', 'stderr', 'alpine']).notes?.length, 2);
  });

  it('keeps reading behind a mistake, so that --json is honoured', () => {
    const { values, failure } = parse(RUN, ['--bogus', '--json', 'alpine']);
    assert.equal(failure?.message, 'unknown flag: --bogus');
    assert.equal(values.json, true);
  });

  it('passes on whatever follows the image', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (command) => {
        assert.deepEqual(parse(RUN, ['-i', 'alpine', ...command]), { values: { interactive: true }, args: ['alpine', ...command] });
      }),
    );
  });
});

describe('a command line of the other verbs', () => {
  it('may have flags behind arguments', () => {
    assert.deepEqual(parse(RMI, ['a', '-f', 'b', '--', '-c']), { values: { force: true }, args: ['a', 'b', '-c'] });
  });

  it('counts the arguments', () => {
    assert.equal(parse(IMAGES, ['a', 'b']).failure?.message, 'tsrun images takes at most 1 argument, not "b"');
    assert.equal(parse(RMI, []).failure?.message, 'tsrun rmi needs an IMAGE');
    assert.equal(parse(RMI, ['--help']).failure, undefined);
  });
});

describe('flag data', () => {
  const verb = {
    name: 'try',
    summary: '',
    args: [],
    interspersed: true,
    examples: [],
    flags: {
      count: { type: 'string', help: '', default: '3', parse: (text: string) => toNumber(text) },
      'show-all': { type: 'boolean', effect: 'cli', help: '' },
    },
  } as const satisfies Verb;

  function toNumber(text: string): number {
    if (!/^\d+$/.test(text)) throw new Error('must be a number');
    return Number(text);
  }

  it('parses values and fills in defaults', () => {
    assert.deepEqual(parse(verb, ['--count=7']).values, { count: 7 });
    assert.deepEqual(parse(verb, []).values, { count: '3' });
    assert.equal(parse(verb, ['--count=x']).failure?.message, 'invalid argument "x" for "--count" flag: must be a number');
  });

  it('tells the options of the library from the flags of the command line alone', () => {
    assert.deepEqual(optionsOf(verb.flags, { count: 7, showAll: true }), { count: 7 });
  });

  it('defines no letter twice, no flag that is also refused, and only names with a camel-case spelling', () => {
    for (const { name, flags, later = {} } of VERBS as readonly Verb[]) {
      const letters = [...Object.values(flags).map((flag) => flag.char), ...Object.values(later)].filter(Boolean);
      assert.equal(new Set(letters).size, letters.length, `${name}: a letter is used twice`);
      assert.deepEqual(
        Object.keys(flags).filter((flag) => flag in later),
        [],
      );
      for (const flag of Object.keys(flags)) assert.match(camelCase(flag), /^[a-z][a-zA-Z0-9]+$/);
    }
  });
});

describe("oclif's classes made from the same data", () => {
  const value = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }).filter((text) => !/^[-=]/.test(text));
  const named = Object.entries(RUN.flags as Verb['flags']);
  const booleans = named.filter(([, flag]) => flag.type === 'boolean');
  const valued = named.filter(([, flag]) => flag.type !== 'boolean');

  const booleanWord = fc.constantFrom(...booleans).chain(([name, flag]) => {
    return fc
      .constantFrom(...(flag.char === undefined ? [`--${name}`] : [`--${name}`, `-${flag.char}`]))
      .map((word) => ({ once: [], words: [word] }));
  });
  const valuedWords = fc.constantFrom(...valued).chain(([name, flag]) => {
    const text = flag.values ? fc.constantFrom(...flag.values) : flag.parse ? fc.nat(9999).map(String) : value;
    const spell = (given: string) => [
      [`--${name}`, given],
      [`--${name}=${given}`],
      ...(flag.char === undefined
        ? []
        : [[`-${flag.char}`, given], [`-${flag.char}${given}`], [`-${flag.char}=${given}`], [`-it${flag.char}`, given]]),
    ];
    return text.chain((given) => fc.constantFrom(...spell(given))).map((words) => ({ once: flag.type === 'string' ? [name] : [], words }));
  });
  const bundle = fc.constantFrom('-it', '-ti', '-iq', '-qit').map((word) => ({ once: [] as string[], words: [word] }));
  // oclif sorts arguments by their first place on the command line and lets an option be given once: both do not apply here.
  const flags = fc
    .array(fc.oneof(booleanWord, valuedWords, bundle), { maxLength: 8 })
    .filter((parts) => new Set(parts.flatMap((part) => part.once)).size === parts.flatMap((part) => part.once).length);
  const args = fc.uniqueArray(
    value.map((text) => `argument ${text}`),
    { minLength: 1, maxLength: 4 },
  );

  // The manifest holds no functions: what oclif reads is text.
  const made = (name: string, given: unknown) => {
    const { parse: make } = (RUN.flags as Verb['flags'])[name] ?? {};
    return make && typeof given === 'string' ? make(given) : given;
  };

  it('read 500 generated command lines as our parser does', async () => {
    await fc.assert(
      fc.asyncProperty(flags, fc.boolean(), args, async (parts, dashes, positional) => {
        const words = [...parts.flatMap((part) => part.words), ...(dashes ? ['--'] : []), ...positional];
        const theirs = await Parser.parse(words, { flags: toOclif(RUN.flags), args: {}, strict: false });
        const ours = parse(RUN, words);
        assert.equal(ours.failure, undefined);
        assert.deepEqual(ours.args, theirs.argv);
        const camel = Object.fromEntries(
          Object.entries(theirs.flags as object).map(([name, given]) => [camelCase(name), made(name, given)]),
        );
        assert.deepEqual(ours.values, camel);
      }),
      { numRuns: 500 },
    );
  });
});
