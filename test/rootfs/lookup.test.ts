/** The accounts of an image that would have its files read from elsewhere, or for ever (CVE-2024-9676). */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { HostPath } from '../../src/paths.js';
import { readAccounts } from '../../src/rootfs/lookup.js';
import { temporaryDirectory } from '../harness/temporary.js';

describe('accounts of an image', () => {
  const outside = temporaryDirectory();
  writeFileSync(join(outside, 'shadow'), 'root:secret\n');
  const root = temporaryDirectory();
  mkdirSync(join(root, 'etc'));
  const passwd = join(root, 'etc/passwd');
  const read = () => readAccounts([root as HostPath]).passwd;
  const linked = (target: string) => {
    rmSync(passwd, { force: true });
    symlinkSync(target, passwd);
    return read();
  };

  it('are not those of the host, wherever links lead', () => {
    for (const target of [join(outside, 'shadow'), `../../../../../../../..${outside}/shadow`, '/proc/self/root/etc/passwd', 'passwd'])
      assert.equal(linked(target), '', target);
    symlinkSync(outside, join(root, 'out'));
    assert.equal(linked('/out/shadow'), '');
    assert.equal(readFileSync(join(root, 'out/shadow'), 'utf8'), 'root:secret\n', 'who follows links has them');
    writeFileSync(join(root, 'own'), 'ada:x:1:1::/:/bin/sh\n');
    assert.match(linked('../../../own'), /^ada:/, 'within the image they are followed');
  });

  it('are not read for ever, nor waited for', () => {
    for (const target of ['/dev/zero', '../../../../../../dev/zero', '/dev/tty']) assert.equal(linked(target), '', target);
    rmSync(passwd);
    execFileSync('mkfifo', [passwd]);
    assert.equal(read(), '');
    rmSync(passwd);
    writeFileSync(passwd, '');
    truncateSync(passwd, 10 * 2 ** 30);
    assert.throws(read, /more than tsrun reads/);
  });
});
