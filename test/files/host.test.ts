/** The caller's side of a copy: his links lead where the kernel takes them. */
import assert from 'node:assert/strict';
import { closeSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { hostDestination, hostSource } from '../../src/files/host.js';
import { temporaryDirectory } from '../harness/temporary.js';

const FILE = { mode: 0o644 };

describe('a destination of the host', () => {
  const home = temporaryDirectory();
  mkdirSync(join(home, 'b/c'), { recursive: true });
  writeFileSync(join(home, 'b/target'), 'x', FILE);
  symlinkSync('b/c', join(home, 'way'));
  symlinkSync('../target', join(home, 'b/c/link'));
  symlinkSync('nothing', join(home, 'broken'));

  it('behind a link behind a link is where the second one leads from its own directory', () => {
    const { path, is } = hostDestination(join(home, 'way/link'));
    assert.deepEqual([path, is], [join(home, 'way/').concat('../target'), 'other']);
  });

  it('keeps what its ending says, also when it is a link', () => {
    assert.deepEqual(hostDestination(join(home, 'broken/')), { path: join(home, 'nothing/'), is: undefined });
    assert.deepEqual(hostDestination(`${join(home, 'way')}/.`), { path: `${join(home, 'b/c')}/.`, is: 'directory' });
  });
});

describe('a source of the host', () => {
  const home = temporaryDirectory();
  writeFileSync(join(home, 'file'), 'x', FILE);
  const open = () => readdirSync('/proc/self/fd').length;

  it('that is refused leaves nothing open', () => {
    const before = open();
    for (const path of ['file/', 'file/.', 'none', 'none/'])
      assert.throws(() => hostSource(`${home}/${path}`, false), { code: 'ERR_TSRUN_COPY_SOURCE' });
    assert.equal(open(), before);
    const { fd, directory } = hostSource(join(home, 'file'), false);
    for (const each of [fd, directory]) closeSync(each);
    assert.equal(open(), before);
  });
});
