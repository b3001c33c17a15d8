import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isUnmasked, parseSecurityOptions } from '../../src/bundle/security-opt.js';

describe('--security-opt', () => {
  it('reads docker’s and podman’s words, with = and with the old colon', () => {
    const privileges = (text: string) => parseSecurityOptions([text]).noNewPrivileges;
    for (const text of ['no-new-privileges', 'no-new-privileges=true', 'no-new-privileges:1', 'no-new-privileges:T'])
      assert.equal(privileges(text), true, text);
    for (const text of ['no-new-privileges=false', 'no-new-privileges:false', 'no-new-privileges=0']) assert.equal(privileges(text), false);
    assert.equal(privileges('label=disable'), undefined);
    const seccomp = (text: string) => parseSecurityOptions([text]).seccomp;
    assert.equal(seccomp('seccomp:unconfined'), 'unconfined');
    assert.equal(seccomp('seccomp=default'), 'default');
    assert.deepEqual(seccomp('seccomp=./a=b:c.json'), { file: './a=b:c.json' });
    assert.deepEqual(seccomp('seccomp:/p.json'), { file: '/p.json' });
    assert.deepEqual(
      parseSecurityOptions(['mask=/a:/b//c/', 'mask=/d', 'unmask=/proc/*', 'apparmor=x', 'apparmor:a b//&:ns:c', 'label:disable']),
      {
        apparmor: 'a b//&:ns:c',
        label: 'disable',
        mask: ['/a', '/b/c', '/d'],
        unmask: ['/proc/*'],
      },
    );
    for (const text of ['unmask=ALL', 'unmask=all', 'systempaths=unconfined'])
      assert.deepEqual(parseSecurityOptions([text]).unmask, ['*'], text);
  });

  it('refuses what it cannot do: what would confine is never left out', () => {
    for (const text of ['label=nested', 'proc-opts=hidepid=2', 'writable-cgroups=true'])
      assert.throws(() => parseSecurityOptions([text]), { code: 'ERR_TSRUN_UNSUPPORTED' }, text);
  });

  it('puts a label together; a level has colons of its own', () => {
    const label = (...texts: string[]) => parseSecurityOptions(texts.map((text) => `label${text}`)).label;
    assert.deepEqual(label('=type:container_t', ':level:s0:c1,c2', '=filetype:f_t', '=user:u', '=role:r', '=type:last_t'), {
      ...{ type: 'last_t', level: 's0:c1,c2', filetype: 'f_t', user: 'u', role: 'r' },
    });
    assert.equal(label('=disable', '=disable'), 'disable');
    for (const texts of [
      '=type',
      '=type:',
      '=type:a:b',
      '=kind:x',
      '=type:a,b',
      '=level:',
      '=type:a"',
      '=disable =type:x',
      '=type:x =disable',
      '=x',
    ])
      assert.throws(() => label(...texts.split(' ')), { code: 'ERR_TSRUN_USAGE' }, texts);
  });

  it('refuses what is no option or no value, and says what was meant', () => {
    const WRONG = 'seccomp seccomp= mask mask= mask=a mask=/a::/b unmask= unmask=x systempaths systempaths=all no-new-privileges=maybe';
    for (const text of [
      ...WRONG.split(' '),
      'no-new-privileges=',
      'label',
      'apparmor=',
      `apparmor=${'x'.repeat(1001)}`,
      'apparmor=a\nb',
      'apparmor= a',
      '',
      '=x',
      '__proto__=1',
      'mask=/a\0',
    ])
      assert.throws(() => parseSecurityOptions([text]), { code: 'ERR_TSRUN_USAGE' }, text);
    assert.throws(() => parseSecurityOptions(['no-new-priviliges']), { hint: 'did you mean no-new-privileges?' });
  });

  it('unmasks by the shell’s patterns, each within its part of the path', () => {
    assert.ok(isUnmasked('/proc/kcore', ['/proc/k*']));
    assert.ok(isUnmasked('/proc/kcore', ['/proc/?core']));
    assert.ok(isUnmasked('/sys/firmware', ['*']));
    for (const pattern of ['/*', '/proc', '/proc/', '/proc/kcor', '/proc/.core', '/proc/kcore/x', '/proc/(kcore)'])
      assert.ok(!isUnmasked('/proc/kcore', [pattern]), pattern);
  });
});
