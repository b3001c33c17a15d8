import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseMount } from '../../src/bundle/mount.js';
import { parseVolume } from '../../src/bundle/volume.js';
import { slot } from '../../src/plan/slot.js';

const parse = (text: string) => parseVolume(text, { recursiveReadOnly: true });
const words = (text: string) => {
  const { given: _given, notes: _notes, ...rest } = parse(text);
  return rest;
};
const DEFAULT = ['rbind', 'rprivate', 'nosuid', 'nodev'];

describe('a volume', () => {
  it('is source and destination, tidied', () => {
    assert.deepEqual(words('/srv/data:/data'), { type: 'bind', source: '/srv/data', destination: '/data', options: DEFAULT });
    const tidied = { type: 'bind', source: '/srv/data', destination: '/x/data', options: DEFAULT };
    assert.deepEqual(words('/srv//a/../data/:/x/./data//'), tidied);
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

  it('by name, or with a destination alone, is a volume', () => {
    assert.deepEqual(words('hd:/m'), { type: 'volume', source: 'hd', destination: '/m', options: DEFAULT, copy: true });
    assert.deepEqual(words('/data'), { type: 'volume', destination: '/data', options: DEFAULT, copy: true });
    assert.deepEqual(words('hd:/m:ro,nocopy,U'), {
      type: 'volume',
      source: 'hd',
      destination: '/m',
      options: [...DEFAULT, 'rro'],
      chown: true,
    });
  });

  it('says what has no effect', () => {
    assert.deepEqual(parse('/a:/b:ro').notes, []);
    assert.match(parse('/a:/b:z').notes.join(), /SELinux/);
    assert.equal(parse('/a:/b:z').relabel, undefined);
    assert.match(parse('/a:/b:cached').notes.join(), /no effect on Linux/);
  });

  it('gives a container that has a label files that it may read, for all containers or for it alone; nothing that the host needs', () => {
    const facts = { recursiveReadOnly: true, labelled: true };
    const relabel = (text: string) => parseVolume(text, facts);
    assert.deepEqual(
      ['/a:/b', '/a:/b:z', '/a:/b:ro,Z', 'data:/b:Z'].map((text) => relabel(text).relabel),
      [undefined, 'shared', 'private', 'private'],
    );
    assert.deepEqual(relabel('/a:/b:z').notes, []);
    assert.throws(() => relabel('/usr:/b:z'), { code: 'ERR_TSRUN_USAGE', message: /would give all of \/usr to containers/ });
    assert.deepEqual(parseMount('type=bind,src=/s,dst=/d,relabel=private', facts).relabel, 'private');
    assert.throws(() => parseMount('type=bind,src=/s,dst=/d,relabel=z', facts), { code: 'ERR_TSRUN_USAGE', message: /relabel: z/ });
  });

  it('takes options', () => {
    assert.deepEqual(parse('/a:/b:ro').options, [...DEFAULT, 'rro']);
    assert.deepEqual(parseVolume('/a:/b:ro', { recursiveReadOnly: false }).options, [...DEFAULT, 'ro']);
    assert.deepEqual(parse('/a:/b:rw,z').options, DEFAULT);
    assert.deepEqual(parse('/a:/b:bind,private,noexec,ro').options, ['bind', 'private', 'nosuid', 'nodev', 'noexec', 'ro']);
    assert.deepEqual(parse('/a:/b:rslave').options, ['rbind', 'rslave', 'nosuid', 'nodev']);
    assert.deepEqual(parse('/a:/b:bind,unbindable').options, ['bind', 'unbindable', 'nosuid', 'nodev']);
    assert.equal(parse('/a:/b:U').chown, true);
    assert.deepEqual(parse('/a:/b:suid,dev').options, ['rbind', 'rprivate']);
    assert.deepEqual(parse('/dev/fuse:/dev/fuse').options, ['rbind', 'rprivate', 'nosuid'], 'a device is there to be opened');
  });

  it('that cannot be honoured is an error naming what', () => {
    const unsupported: [string, RegExp][] = [
      ['/a:/b:shared', /shared cannot work/],
      ['/a:/b:rshared', /never reaches the host/],
      ['/a:/b:O', /option O/],
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
      '~/x:/m',
      'h:/m',
      'h/d:/m',
      '-hd:/m',
      'hd:/m:rslave',
      'hd:/m:bind',
      '/a:/b:nocopy',
      '/a:/b:slave,rslave',
      '/etc:/b:U',
      '/:/b:U',
    ];
    for (const text of bad) assert.throws(() => parse(text), { code: 'ERR_TSRUN_USAGE' }, JSON.stringify(text));
  });

  it('may lie below /dev and /sys', () => {
    assert.equal(parse('/a:/dev/shm').destination, '/dev/shm');
    assert.equal(parse('/a:/sys/x').destination, '/sys/x');
    assert.equal(parse('/a:/process').destination, '/process');
  });
});
