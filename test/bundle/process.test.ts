import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { buildArgs, buildCommand, buildCwd } from '../../src/bundle/process.js';

const BOTH = { Entrypoint: ['/entry', '-x'], Cmd: ['a', 'b'] };

describe('the command', () => {
  it('is entrypoint and CMD, and arguments replace CMD', () => {
    assert.deepEqual(buildArgs(BOTH, undefined, []), ['/entry', '-x', 'a', 'b']);
    assert.deepEqual(buildArgs(BOTH, undefined, ['c']), ['/entry', '-x', 'c']);
    assert.deepEqual(buildArgs({ Cmd: ['sh'] }, undefined, []), ['sh']);
    assert.deepEqual(buildArgs({ Entrypoint: null, Cmd: null }, undefined, ['ls', '-l']), ['ls', '-l']);
    assert.deepEqual(buildArgs(undefined, undefined, ['ls']), ['ls']);
  });

  it('drops CMD with --entrypoint, which is one path or a list', () => {
    assert.deepEqual(buildArgs(BOTH, '/bin/echo one two', []), ['/bin/echo one two']);
    assert.deepEqual(buildArgs(BOTH, ['a', 'b'], ['c']), ['a', 'b', 'c']);
    assert.deepEqual(buildArgs(BOTH, '', ['c']), ['c']);
    assert.deepEqual(buildArgs(BOTH, [''], ['c']), ['c']);
    assert.deepEqual(buildArgs(BOTH, [], ['c']), ['c']);
  });

  it('is told in its two parts, as docker tells it', () => {
    assert.deepEqual(buildCommand(BOTH, undefined, ['c']), { entrypoint: ['/entry', '-x'], cmd: ['c'] });
    assert.deepEqual(buildCommand(BOTH, 'x', []), { entrypoint: ['x'], cmd: [] });
    assert.deepEqual(buildCommand(BOTH, '', ['c']), { entrypoint: [], cmd: ['c'] });
  });

  it('is needed', () => {
    for (const [image, entrypoint] of [
      [BOTH, ''],
      [BOTH, ['']],
      [{}, undefined],
      [undefined, undefined],
    ] as const) {
      assert.throws(() => buildArgs(image, entrypoint as string | undefined, []), {
        code: 'ERR_TSRUN_USAGE',
        message: /no command specified/,
      });
    }
  });

  it('arrives untouched', () => {
    const args = ['echo', 'a', 'b', 'a', '', ' ', '--rm', '-la', 'x\ny', '--', '$HOME'];
    assert.deepEqual(buildArgs(undefined, undefined, args), args);
  });

  it('holds no NUL, from wherever', () => {
    assert.throws(() => buildArgs({ Cmd: ['\0{env:TOKEN}\0'] }, undefined, []), { code: 'ERR_TSRUN_CONFIG_INVALID' });
    assert.throws(() => buildArgs({ Entrypoint: ['a\0'] }, undefined, ['x']), { code: 'ERR_TSRUN_CONFIG_INVALID' });
    assert.throws(() => buildArgs({}, undefined, ['a\0']), { code: 'ERR_TSRUN_USAGE' });
    assert.throws(() => buildArgs({}, 'a\0', []), { code: 'ERR_TSRUN_USAGE' });
  });
});

describe('the working directory', () => {
  it('is -w, else the image’s, else the root; without .. and double slashes', () => {
    assert.equal(buildCwd(undefined, undefined), '/');
    assert.equal(buildCwd({ WorkingDir: '/app/' }, undefined), '/app');
    assert.equal(buildCwd({ WorkingDir: 'app' }, undefined), '/app');
    assert.equal(buildCwd({ WorkingDir: '../../..' }, undefined), '/');
    assert.equal(buildCwd({ WorkingDir: '/app' }, '//a/../b/'), '/b');
    assert.equal(buildCwd({ WorkingDir: '/app' }, ''), '/app');
  });

  it('is absolute', () => {
    assert.throws(() => buildCwd(undefined, 'app'), { code: 'ERR_TSRUN_USAGE' });
    assert.throws(() => buildCwd({ WorkingDir: '/\0' }, undefined), { code: 'ERR_TSRUN_CONFIG_INVALID' });
  });
});
