import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { landlockNotes, parseLandlock } from '../../src/bundle/landlock.js';

describe('--landlock', () => {
  it('is paths of the container, one for each time', () => {
    assert.deepEqual(parseLandlock(['write=/tmp/', 'exec=/usr', 'write=//a/../b,c', 'write=/tmp']), {
      write: ['/tmp', '/b,c'],
      exec: ['/usr'],
    });
    assert.deepEqual(parseLandlock(['write=']), { write: [] });
    assert.deepEqual(parseLandlock(['exec=/']), { exec: ['/'] });
    assert.equal(parseLandlock([]), undefined);
  });

  it('is refused where it says nothing', () => {
    for (const text of ['', '/tmp', 'write', 'exec=', 'write=tmp', 'rw=/tmp', 'exec=/a\0b'])
      assert.throws(() => parseLandlock([text]), { code: 'ERR_TSRUN_USAGE' }, text);
  });

  it('tells of places where what is written can be executed', () => {
    const mounts = [
      { destination: '/proc', options: ['nosuid', 'noexec', 'nodev'] },
      { destination: '/data', options: ['rbind', 'ro', 'rprivate'] },
      { destination: '/srv', options: ['rbind', 'rprivate'] },
    ];
    const notes = (readOnly: boolean, ...texts: string[]) => landlockNotes(texts, readOnly, mounts).length;
    assert.equal(notes(false, 'exec=/usr'), 1);
    assert.equal(notes(true, 'exec=/usr'), 0);
    assert.equal(notes(true, 'exec=/'), 1, 'a volume is writable under --read-only');
    assert.equal(notes(true, 'exec=/proc'), 0);
    assert.equal(notes(true, 'exec=/data'), 0);
    assert.equal(notes(false, 'exec=/usr', 'write=/usr/local'), 1);
    assert.equal(notes(false, 'exec=/usr/bin', 'write=/usr'), 1);
    assert.equal(notes(false, 'exec=/usr', 'write=/'), 1);
    assert.equal(notes(false, 'exec=/usr', 'write=/usrlocal', 'write=/tmp'), 0);
    assert.equal(notes(false, 'write=/usr'), 0);
  });
});
