import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { appArmorProfile } from '../../src/doctor/apparmor.js';
import { parseDistribution } from '../../src/doctor/distribution.js';
import { OS_RELEASES } from './facts.js';

describe('the distribution', () => {
  it('is what os-release says, or what it says it is like', () => {
    const families = Object.entries(OS_RELEASES).map(([name, text]) => [name, parseDistribution(text).family]);
    assert.deepEqual(Object.fromEntries(families), {
      debian: 'debian',
      ubuntu: 'debian',
      fedora: 'fedora',
      rhel: 'fedora',
      alpine: 'alpine',
      arch: 'arch',
      suse: 'suse',
      unknown: 'unknown',
    });
    assert.equal(parseDistribution('ID=mine\nID_LIKE="none arch"\nPRETTY_NAME="My \\"own\\""\n').name, 'My "own"');
    assert.equal(parseDistribution('ID=mine\nID_LIKE="none arch"\n').family, 'arch');
    assert.deepEqual(parseDistribution(OS_RELEASES.rhel).name, 'Red Hat Enterprise Linux');
    assert.deepEqual(parseDistribution(''), { id: '', name: 'an unknown distribution', family: 'unknown' });
    assert.equal(parseDistribution('ID=constructor\n').family, 'unknown');
  });
});

describe('the AppArmor profile', () => {
  const lines = (path: string, isRoots = true) => appArmorProfile({ path, isRoots }).split('\n');

  it('names the helper and allows user namespaces, in the form that Ubuntu’s own have', () => {
    const rules = lines('/usr/lib/node_modules/@tsrun/linux-x64/tsrun-helper').filter((line) => line !== '' && !line.startsWith('#'));
    assert.deepEqual(rules, [
      'abi <abi/4.0>,',
      'include <tunables/global>',
      'profile tsrun "/usr/lib/node_modules/@tsrun/linux-x64/tsrun-helper" flags=(unconfined) {',
      '  userns,',
      '  include if exists <local/tsrun>',
      '}',
    ]);
  });

  it('takes a path for what it is, not for a pattern', () => {
    const profile = lines('/home/a b/{x,y}*[z]?^"\\tsrun').find((line) => line.startsWith('profile'));
    assert.equal(profile, 'profile tsrun "/home/a b/\\{x\\,y\\}\\*\\[z\\]\\?\\^\\"\\\\tsrun" flags=(unconfined) {');
    assert.throws(() => lines('/a\nprofile x /** {}'), TypeError);
  });

  it('warns where others than root may replace the helper', () => {
    assert.match(lines('/home/a/tsrun-helper', false).join('\n'), /^# Not only root can replace this file/m);
    assert.doesNotMatch(lines('/usr/tsrun-helper').join('\n'), /Not only root/);
  });
});
