import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseVolume } from '../../src/bundle/volume.js';
import { slot } from '../../src/plan/slot.js';

const parse = (text: string) => parseVolume(text, { recursiveReadOnly: true });
const DEFAULT = ['rbind', 'rprivate', 'nosuid', 'nodev'];

describe('a volume', () => {
  it('is source and destination, tidied', () => {
    assert.deepEqual(parse('/srv/data:/data'), { source: '/srv/data', destination: '/data', options: DEFAULT });
    assert.deepEqual(parse('/srv//a/../data/:/x/./data//'), { source: '/srv/data', destination: '/x/data', options: DEFAULT });
    assert.equal(parse('/:/host').source, '/');
    assert.equal(parse('/-f:/@x').source, '/-f');
  });

  it('starts where the caller is when it is relative: a slot, so that one plan serves every directory', () => {
    assert.equal(parse('.:/w').source, slot('cwd'));
    assert.equal(parse('./:/w').source, slot('cwd'));
    assert.equal(parse('./a/b:/w').source, `${slot('cwd')}/a/b`);
    assert.equal(parse('..:/w').source, `${slot('cwd')}/..`);
    assert.equal(parse('../x:/w').source, `${slot('cwd')}/../x`);
  });

  it('takes options', () => {
    assert.deepEqual(parse('/a:/b:ro').options, [...DEFAULT, 'rro']);
    assert.deepEqual(parseVolume('/a:/b:ro', { recursiveReadOnly: false }).options, [...DEFAULT, 'ro']);
    assert.deepEqual(parse('/a:/b:rw,z').options, DEFAULT);
    assert.deepEqual(parse('/a:/b:bind,private,noexec,ro').options, ['bind', 'private', 'nosuid', 'nodev', 'noexec', 'ro']);
    assert.deepEqual(parse('/a:/b:suid,dev').options, ['rbind', 'rprivate']);
    assert.deepEqual(parse('/dev/fuse:/dev/fuse').options, ['rbind', 'rprivate', 'nosuid'], 'a device is there to be opened');
  });

  it('that cannot be honoured is an error naming what', () => {
    const unsupported: [string, RegExp][] = [
      ['hd:/m', /named volumes/],
      ['~/x:/m', /named volumes/],
      ['/data', /anonymous/],
      ['/a:/b:shared', /option shared/],
      ['/a:/b:rslave', /option rslave/],
      ['/a:/b:O', /option O/],
      ['/a:/b:U,ro', /option U/],
      ['/a:/b:nocopy', /option nocopy/],
      ['/a:/proc', /\/proc/],
      ['/a:/proc/sys/kernel', /\/proc/],
      ['/a:/x/../sys/', /\/sys/],
      ['/a:/dev', /\/dev/],
    ];
    for (const [text, message] of unsupported)
      assert.throws(() => parse(text), { code: 'ERR_TSRUN_UNSUPPORTED', message, exitCode: 125 }, text);
  });

  it('that is nonsense is a usage error', () => {
    const bad = [
      '',
      ':',
      'hd',
      '/a:',
      ':/b',
      '/a:b',
      '/a:/',
      '/a://',
      '/a:/b/..',
      '/a:/b:c:d',
      '/a:/b:nonsense',
      '/a:/b:ro,rw',
      '/a:/b:ro,',
      '/a\0:/b',
    ];
    for (const text of bad) assert.throws(() => parse(text), { code: 'ERR_TSRUN_USAGE' }, JSON.stringify(text));
  });

  it('may lie below /dev and /sys', () => {
    assert.equal(parse('/a:/dev/shm').destination, '/dev/shm');
    assert.equal(parse('/a:/sys/x').destination, '/sys/x');
    assert.equal(parse('/a:/process').destination, '/process');
  });
});
