import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { diagnosis } from '../../../src/cli/listing/doctor.js';
import { failed, report, WELL } from '../../doctor/facts.js';

const poor = report({ tun: { exists: true, ...failed('/dev/net/tun: permission denied') }, pasta: { path: '/\x1b[2Jpasta', works: true } });

describe('what doctor prints', () => {
  it('is a line for each thing, aligned, with what to do below what is missing', () => {
    const lines = diagnosis(poor, Number.POSITIVE_INFINITY).split('\n');
    assert.equal(lines[0], 'found       user-namespace        made, with its rights');
    assert.equal(lines[1], 'not needed  apparmor              this kernel does not restrict them');
    const at = lines.indexOf('missing     tun                   /dev/net/tun: permission denied');
    assert.deepEqual(lines.slice(at + 1, at + 3), [
      '                                  without it containers have no network but their loopback',
      '                                  > as root: chmod 666 /dev/net/tun',
    ]);
    assert.equal(lines.filter((line) => /^\S/.test(line)).length, poor.checks.length + 2, 'a line for each, and two at the end');
    assert.deepEqual(lines.slice(-4), [
      '',
      'Containers run here; what is missing can be done without',
      'Debian GNU/Linux 12 (bookworm), Linux 6.12.9-amd64',
      '',
    ]);
  });

  it('keeps to the window’s width, but for what is to be copied', () => {
    const lines = diagnosis(report({ cgroup: { ...WELL.cgroup, version: 1 } }), 72).split('\n');
    const wide = lines.filter((line) => line.length > 72);
    assert.equal(wide.length, 1);
    assert.match(wide[0] ?? '', /^ +> as root: /);
  });

  it('says in the end whether containers run', () => {
    assert.match(diagnosis(report(), 80), /\nContainers run here, and nothing is missing\n/);
    const broken = report({ proc: failed('no'), namespace: failed('no'), overlay: failed('no') });
    assert.match(diagnosis(broken, 80), /\nContainers cannot run here, for want of: user-namespace, proc\n/);
  });

  it('speaks to no terminal', () => {
    assert.ok(!diagnosis(poor, 80).includes('\x1b'));
  });
});
