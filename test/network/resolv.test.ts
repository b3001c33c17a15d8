import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { addedHosts, wantsHost } from '../../src/network/hosts.js';
import { resolvConf } from '../../src/network/resolv.js';

const own = { reach: 'own', offered: '10.0.2.3' } as const;

describe('resolv.conf', () => {
  it('is the host’s, with a loopback resolver replaced by what the network offers', () => {
    const host =
      '# systemd\nnameserver 127.0.0.53\nnameserver ::1\nnameserver 192.0.2.1\nnameserver fe80::1%eth0\ndomain old.example\nsearch a.example b.example\noptions edns0 trust-ad\n';
    const expected = 'nameserver 10.0.2.3\nnameserver 192.0.2.1\nsearch a.example b.example\noptions edns0 trust-ad\n';
    assert.equal(resolvConf({ host, ...own }), expected);
    assert.equal(resolvConf({ host: '', ...own }), 'nameserver 10.0.2.3\n');
    assert.equal(resolvConf({ host, reach: 'shared' }), host);
  });

  it('without a network has no name server, unless one is named', () => {
    assert.equal(
      resolvConf({ host: 'nameserver 192.0.2.1\nsearch a.example\n', reach: 'none' }),
      '# No network: there is no name server.\n',
    );
    assert.equal(resolvConf({ host: '', reach: 'none', dns: ['192.0.2.1'] }), 'nameserver 192.0.2.1\n');
  });

  it('is what the flags say; . takes the search list away', () => {
    const host = 'nameserver 192.0.2.1\nsearch a.example\noptions edns0\n';
    assert.equal(
      resolvConf({ host, ...own, dns: ['127.0.0.1', '2001:db8::1'] }),
      'nameserver 127.0.0.1\nnameserver 2001:db8::1\nsearch a.example\noptions edns0\n',
    );
    assert.equal(
      resolvConf({ host, reach: 'shared', dnsSearch: ['.'], dnsOption: ['ndots:3'] }),
      'nameserver 192.0.2.1\noptions ndots:3\n',
    );
    for (const flags of [{ dns: ['dns.example'] }, { dnsSearch: ['a b'] }, { dnsOption: ['a\nnameserver 6.6.6.6'] }])
      assert.throws(() => resolvConf({ host, ...own, ...flags }), { code: 'ERR_TSRUN_USAGE' });
  });
});

describe('--add-host', () => {
  it('is NAME:ADDRESS, or NAME:host-gateway for the host', () => {
    assert.deepEqual(addedHosts(['db:192.0.2.7', 'six=[2001:db8::9]', 'me:host-gateway'], '10.0.2.2'), [
      { name: 'db', ip: '192.0.2.7' },
      { name: 'six', ip: '2001:db8::9' },
      { name: 'me', ip: '10.0.2.2' },
    ]);
    assert.deepEqual([wantsHost(['me:host-gateway']), wantsHost(['a:192.0.2.1']), wantsHost()], [true, false, false]);
  });

  it('is refused when it is neither, or when there is no way to the host', () => {
    for (const text of ['db', 'db:', 'db:host', ':192.0.2.1', 'a b:192.0.2.1'])
      assert.throws(() => addedHosts([text]), { code: 'ERR_TSRUN_USAGE' });
    assert.throws(() => addedHosts(['me:host-gateway']), { code: 'ERR_TSRUN_UNSUPPORTED' });
  });
});
