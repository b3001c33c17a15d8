import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Plugin } from '@oclif/core';
import { VERBS } from '../../src/cli/verbs.js';
import { checkout, inCheckout } from '../harness/checkout.js';
import { execute } from '../harness/process.js';
import { temporaryDirectory } from '../harness/temporary.js';
import { line, newStore } from './command.js';

const { tsrun } = newStore();
const version = JSON.parse(readFileSync(inCheckout('package.json'), 'utf8')).version;

describe('tsrun', () => {
  it('alone says what to try', async () => {
    const { code, stdout, stderr } = await tsrun([]);
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /tsrun run alpine sh/);
  });

  for (const args of [['--version'], ['-v']]) {
    it(`${args} prints the version`, async () => {
      assert.equal((await tsrun(args)).stdout, `tsrun ${version}\n`);
    });
  }

  it('prints the version as JSON', async () => {
    assert.deepEqual(JSON.parse((await tsrun(['version', '--json'])).stdout), { version });
  });

  for (const args of [['--help'], ['help']]) {
    it(`${args} lists the commands`, async () => {
      const { code, stdout } = await tsrun(args);
      assert.equal(code, 0);
      for (const verb of VERBS) assert.ok(stdout.includes(`  ${verb.name} `), verb.name);
    });
  }

  for (const name of ['run', 'image inspect']) {
    it(`help ${name} explains it`, async () => {
      assert.match((await tsrun(['help', ...name.split(' ')])).stdout, new RegExp(`^Usage: tsrun ${name} `));
    });
  }

  it('--help behind a verb explains it, also with other words about', async () => {
    assert.match((await tsrun(['rmi', 'alpine', '--help'])).stdout, /^Usage: tsrun rmi /);
    assert.match((await tsrun(['image', 'ls', '-h'])).stdout, /^Usage: tsrun images /);
    assert.match((await tsrun(['image'])).stdout, /image inspect/);
  });

  const mistakes: [args: string[], said: RegExp][] = [
    [['alpine', 'sh'], /Did you mean `tsrun run alpine sh`\?\n$/],
    [['imges'], /Did you mean `tsrun images`\?\n$/],
    [['help', 'imges'], /Did you mean `tsrun images`\?\n$/],
    [['images', '--no-trnc'], /unknown flag: --no-trnc\. Did you mean --no-trunc\?\n$/],
    [['compose', 'up'], /tsrun has no `compose` yet/],
  ];
  for (const [args, said] of mistakes) {
    it(`refuses ${args.join(' ')} with advice`, async () => {
      const { code, stdout, stderr } = await tsrun(args);
      assert.deepEqual([code, stdout], [125, '']);
      assert.match(stderr, said);
      assert.equal(stderr.split('\n').length, 2);
    });
  }

  it('refuses words that are not UTF-8 instead of taking others for them', async () => {
    const script = `exec "$@" "$(printf 'caf\\351')"`;
    const { code, stdout, stderr } = await execute(['sh', '-c', script, 'sh', ...line(['inspect'])]);
    assert.deepEqual([code, stdout], [125, '']);
    assert.match(stderr, /^tsrun: the argument "caf\uFFFD" is not UTF-8: /);
  });

  it('says when standard output cannot be written: that is no fault of its own', async () => {
    for (const args of [['images'], ['--help'], ['run', '--help'], ['version']]) {
      const { code, stderr } = await execute(['sh', '-c', 'exec "$@" >/dev/full', 'sh', ...line(args)]);
      assert.deepEqual(
        [code, stderr],
        [125, 'tsrun: standard output cannot be written: no space left on device: free some space there, or send the output elsewhere\n'],
        args.join(' '),
      );
    }
  });

  it('says when the current directory was removed, and what needs one', async () => {
    const script = 'mkdir "$0"; cd "$0"; rmdir "$0"; exec "$@"';
    const gone = join(temporaryDirectory(), 'gone');
    const { code, stderr } = await execute(['sh', '-c', script, gone, ...line(['--root', 'x', 'images'])]);
    assert.equal(code, 125);
    assert.match(stderr, /^tsrun: the current directory was removed: .*absolute paths$/m);
  });

  it('prints an error as an object with --json, wherever that stands', async () => {
    for (const args of [
      ['--json', 'images', '--bogus'],
      ['images', '--bogus', '--json'],
    ]) {
      const { code, stderr } = await tsrun(args);
      assert.deepEqual([code, JSON.parse(stderr).code], [125, 'ERR_TSRUN_USAGE']);
    }
  });
});

describe("oclif's manifest", () => {
  it('can be made from the one bundled file', async () => {
    const plugin = new Plugin({ root: checkout, type: 'core', ignoreManifest: true, errorOnManifestCreate: true });
    await plugin.load();
    assert.deepEqual(Object.keys(plugin.manifest.commands).sort(), VERBS.map(({ name }) => name.replace(' ', ':')).sort());
    assert.deepEqual(plugin.manifest.commands['images']?.aliases, ['image:ls', 'image:list']);
    assert.deepEqual(plugin.manifest.commands['run']?.flags['env']?.char, 'e');
  });
});
