import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gatewayOf, parseAddresses } from '../../src/network/address.js';
import { chooseNetwork } from '../../src/network/choose.js';
import { pastaStack, slirpStack } from '../../src/network/stack.js';

const DEFAULT = { type: 'default' } as const;

describe('addresses of a container', () => {
  it('are a host’s, and a machine’s', () => {
    assert.deepEqual(parseAddresses({ ip: '10.1.2.3', ip6: 'fd00::5', macAddress: '92-D0-C6-0A-29-33' }, DEFAULT), {
      ip: '10.1.2.3',
      ip6: 'fd00::5',
      mac: '92:d0:c6:0a:29:33',
    });
    for (const ip of ['10.1.2', '10.1.2.0', '10.1.2.255', '127.0.0.2', '224.0.0.1', '0.1.2.3', '::1', '10.1.2.3/24'])
      assert.throws(() => parseAddresses({ ip }, DEFAULT), { code: 'ERR_TSRUN_USAGE' }, ip);
    for (const ip6 of ['::', '::1', 'ff02::1', 'fe80::1', 'fd00::1%eth0', '::ffff:1.2.3.4', '10.1.2.3'])
      assert.throws(() => parseAddresses({ ip6 }, DEFAULT), { code: 'ERR_TSRUN_USAGE' }, ip6);
    for (const macAddress of ['01:00:5e:00:00:01', '00:00:00:00:00:00', '92:d0:c6:0a:29', 'x'])
      assert.throws(() => parseAddresses({ macAddress }, DEFAULT), { code: 'ERR_TSRUN_USAGE' }, macAddress);
  });

  it('are refused where the network gives none, and aliases everywhere', () => {
    for (const type of ['none', 'host'] as const)
      assert.throws(() => parseAddresses({ ip: '10.1.2.3' }, { type }), { code: 'ERR_TSRUN_UNSUPPORTED' });
    assert.throws(() => parseAddresses({ networkAlias: ['x'] }, DEFAULT), { message: /only supported for user-defined networks/ });
    assert.throws(() => chooseNetwork(DEFAULT, { tun: false, route: false }, false, { ip: '10.1.2.3' }), { code: 'ERR_TSRUN_UNSUPPORTED' });
  });

  it('are words of pasta’s, with a gateway beside', () => {
    const { args, address, gateway } = pastaStack('pasta', {
      options: [],
      hostLoopback: false,
      addresses: { ip: '10.9.8.2', ip6: 'fd00::5', mac: '92:d0:c6:0a:29:33' },
    });
    assert.deepEqual([address, gateway, gatewayOf('10.9.8.7')], ['10.9.8.2', '10.9.8.1', '10.9.8.2']);
    assert.match(
      args.join(' '),
      /--address 10\.9\.8\.2 --netmask 24 --gateway 10\.9\.8\.1 --address fd00::5 .*--ns-mac-addr 92:d0:c6:0a:29:33/,
    );
    const given = { options: ['--address', '10.1.1.1'], hostLoopback: false, addresses: { ip: '10.9.8.7' } };
    assert.throws(() => pastaStack('pasta', given), { code: 'ERR_TSRUN_UNSUPPORTED' });
    assert.throws(() => pastaStack('pasta', { options: [], hostLoopback: false, addresses: { ip: '10.0.2.3' } }), /name server/);
  });

  it('are slirp4netns’ as far as it can choose', () => {
    const stack = slirpStack('slirp4netns', {
      options: [],
      hostLoopback: false,
      addresses: { ip: '10.9.8.100', mac: '92:d0:c6:0a:29:33' },
    });
    assert.deepEqual([stack.address, stack.gateway, stack.dns], ['10.9.8.100', '10.9.8.2', '10.9.8.3']);
    assert.match(stack.args.join(' '), /--cidr=10\.9\.8\.0\/24 --macaddress=92:d0:c6:0a:29:33/);
    for (const addresses of [{ ip: '10.9.8.7' }, { ip6: 'fd00::5' }])
      assert.throws(() => slirpStack('slirp4netns', { options: [], hostLoopback: false, addresses }), { code: 'ERR_TSRUN_UNSUPPORTED' });
  });
});
