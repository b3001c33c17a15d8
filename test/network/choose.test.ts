import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { chooseNetwork } from '../../src/network/choose.js';
import { parseNetworkMode } from '../../src/network/mode.js';
import type { HostNetwork } from '../../src/network/probe.js';

const ALL: HostNetwork = { pasta: '/usr/bin/pasta', slirp4netns: '/usr/bin/slirp4netns', tun: true, route: true };
const { pasta: _pasta, ...SLIRP } = ALL;
const { slirp4netns: _slirp4netns, ...PASTA } = ALL;

const choose = (text: string | undefined, host: HostNetwork, hostLoopback = false) =>
  chooseNetwork(parseNetworkMode(text), host, hostLoopback);
const words = (text: string | undefined, host: HostNetwork = ALL, hostLoopback = false) => {
  const { settings } = choose(text, host, hostLoopback);
  return 'args' in settings ? settings.args : [];
};

describe('the network of a container', () => {
  it('is pasta’s where it works, else slirp4netns’s, else none with a note', () => {
    const chosen = (host: HostNetwork) => choose(undefined, host).settings.mode;
    assert.equal(chosen(ALL), 'pasta');
    assert.equal(chosen(SLIRP), 'slirp4netns');
    assert.equal(chosen({ ...ALL, route: false }), 'slirp4netns');
    assert.equal(chosen({ ...PASTA, route: false, outward: 'eth0' }), 'pasta');
    for (const [host, reason] of [
      [{ tun: true, route: true }, /neither pasta nor slirp4netns is installed/],
      [{ ...ALL, tun: false }, /cannot open \/dev\/net\/tun/],
      [{ ...PASTA, route: false }, /no interface that pasta could use/],
    ] as const) {
      const { settings, note } = choose('bridge', host);
      assert.equal(settings.mode, 'none');
      assert.match(note ?? '', reason);
    }
  });

  it('that was asked for and is not there is an error, not another one', () => {
    assert.throws(() => choose('pasta', SLIRP), { code: 'ERR_TSRUN_UNSUPPORTED', message: /pasta is not installed/ });
    assert.throws(() => choose('slirp4netns', { ...ALL, tun: false }), { code: 'ERR_TSRUN_UNSUPPORTED' });
    assert.deepEqual(choose('none', ALL), { settings: { mode: 'none' } });
  });

  it('keeps the host’s loopback away unless it is asked for', () => {
    assert.ok(words('pasta').includes('--no-map-gw'));
    assert.ok(!words('pasta', ALL, true).includes('--no-map-gw'));
    assert.ok(!words('pasta:--map-gw').some((word) => word.includes('map-gw')));
    assert.ok(words('slirp4netns').includes('--disable-host-loopback'));
    assert.ok(!words('slirp4netns', ALL, true).includes('--disable-host-loopback'));
    assert.ok(!words('slirp4netns:allow_host_loopback=true').includes('--disable-host-loopback'));
    for (const flag of ['--enable-sandbox', '--enable-seccomp']) assert.ok(words('slirp4netns').includes(flag));
  });

  it('has options that take the place of ours, and none that are ours alone', () => {
    const pasta = words('pasta:-T,8080,--mtu,1400');
    assert.deepEqual(pasta.slice(pasta.indexOf('-T'), pasta.indexOf('-T') + 4), ['-T', '8080', '--mtu', '1400']);
    assert.ok(!pasta.includes('--tcp-ns'));
    const slirp = choose('slirp4netns:cidr=192.168.77.0/24,mtu=1500', ALL).stack;
    assert.deepEqual([slirp?.address, slirp?.gateway, slirp?.dns], ['192.168.77.100', '192.168.77.2', '192.168.77.3']);
    for (const text of ['pasta:--netns,/x', 'pasta:--runas=0', 'slirp4netns:api_socket=/x', 'slirp4netns:mtu'])
      assert.throws(() => words(text), { code: 'ERR_TSRUN_USAGE' });
  });
});
