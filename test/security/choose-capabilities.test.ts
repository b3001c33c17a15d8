import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CAPABILITIES, capabilitySets, DEFAULT_CAPABILITIES } from '../../src/security/capabilities.js';
import { chooseCapabilities, normalCapabilities, parseBoundingSet } from '../../src/security/choose-capabilities.js';

const granted = (...args: Parameters<typeof chooseCapabilities>) => chooseCapabilities(...args).granted;

describe('--cap-add and --cap-drop', () => {
  it('start from docker’s fourteen, with or without CAP_, in any case, with commas as podman’s', () => {
    assert.deepEqual(granted({}), DEFAULT_CAPABILITIES);
    for (const name of ['NET_ADMIN', 'net_admin', 'CAP_NET_ADMIN', 'cap_Net_Admin'])
      assert.deepEqual(granted({ capAdd: [name] }), [...DEFAULT_CAPABILITIES, 'CAP_NET_ADMIN']);
    assert.deepEqual(
      granted({ capDrop: ['chown,CAP_MKNOD', 'kill'] }),
      DEFAULT_CAPABILITIES.filter((name) => !['CAP_CHOWN', 'CAP_MKNOD', 'CAP_KILL'].includes(name)),
    );
  });

  it('drop first and add then: a name in both is there, and of ALL in both the adding counts', () => {
    assert.deepEqual(granted({ capAdd: ['CHOWN', 'SYS_TIME'], capDrop: ['ALL'] }), ['CAP_CHOWN', 'CAP_SYS_TIME']);
    assert.ok(granted({ capAdd: ['CHOWN'], capDrop: ['CHOWN'] }).includes('CAP_CHOWN'));
    assert.deepEqual(granted({ capAdd: ['ALL'], capDrop: ['ALL'] }), CAPABILITIES);
    assert.deepEqual(
      granted({ capAdd: ['all'], capDrop: ['sys_admin'] }),
      CAPABILITIES.filter((name) => name !== 'CAP_SYS_ADMIN'),
    );
    assert.deepEqual(granted({ capDrop: ['ALL'] }), []);
  });

  it('are the words for --privileged too', () => {
    assert.deepEqual(granted({ privileged: true }), CAPABILITIES);
    assert.ok(!granted({ privileged: true, capDrop: ['SYS_RESOURCE'] }).includes('CAP_SYS_RESOURCE'));
    assert.deepEqual(granted({ privileged: true, capDrop: ['ALL'], capAdd: ['CHOWN'] }), ['CAP_CHOWN']);
  });

  it('never give more than the caller has: what is asked for by name is an error, the rest is less', () => {
    const available = parseBoundingSet('Name:\tx\nCapBnd:\t0000000000000003\nCapAmb:\t0\n');
    assert.deepEqual(available, ['CAP_CHOWN', 'CAP_DAC_OVERRIDE']);
    assert.deepEqual(granted({}, available), available);
    assert.deepEqual(granted({ privileged: true }, available), available);
    assert.deepEqual(granted({ capAdd: ['ALL'] }, available), available);
    assert.throws(() => granted({ capAdd: ['SYS_ADMIN'] }, available), { code: 'ERR_TSRUN_UNSUPPORTED', message: /CAP_SYS_ADMIN/ });
    assert.deepEqual(parseBoundingSet('CapBnd:\t000001ffffffffff\n'), CAPABILITIES);
    assert.deepEqual(parseBoundingSet('CapBnd:\tffffffffffffffff\n'), CAPABILITIES, 'a newer kernel’s are not ours');
    assert.deepEqual(parseBoundingSet(''), []);
  });

  it('that no kernel has are refused, with what was meant', () => {
    assert.throws(() => granted({ capAdd: ['NET_ADMN'] }), { code: 'ERR_TSRUN_USAGE', hint: /NET_ADMIN/ });
    for (const name of ['', 'CAP_', 'NONSENSE', 'CAP_ALL', 'CAP_CAP_CHOWN', '0', '__proto__', 'CHOWN\0'])
      assert.throws(() => granted({ capDrop: [name] }), { code: 'ERR_TSRUN_USAGE' }, name);
  });

  it('are told as docker writes them', () => {
    assert.deepEqual(normalCapabilities(['net_raw', 'CAP_CHOWN', 'chown'], '--cap-add'), ['CAP_CHOWN', 'CAP_NET_RAW']);
    assert.deepEqual(normalCapabilities(['net_raw', 'all'], '--cap-add'), ['ALL']);
  });
});

describe('the five sets of a user other than root', () => {
  it('hold what was asked for by name, over execve too, and nothing else', () => {
    const added = chooseCapabilities({ capAdd: ['NET_ADMIN'], capDrop: ['ALL'] });
    const held = ['CAP_NET_ADMIN'];
    assert.deepEqual(capabilitySets(1000, added.granted, added.added), {
      ...{ bounding: held, effective: held, permitted: held, inheritable: held, ambient: held },
    });
    const root = capabilitySets(0, added.granted, added.added);
    assert.deepEqual([root.inheritable, root.ambient], [[], []]);
    assert.deepEqual(capabilitySets(1000).permitted, []);
  });
});
