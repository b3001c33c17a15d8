import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { choosePorts, hostAddresses, parsePublish } from '../../src/network/ports.js';
import type { PublishedPort } from '../../src/network/settings.js';

const port = (containerPort: number, hostPort = 0, hostIp = '', protocol: 'tcp' | 'udp' = 'tcp'): PublishedPort => ({
  hostIp,
  hostPort,
  containerPort,
  protocol,
});

describe('-p', () => {
  for (const [text, expected] of [
    ['80', [port(80)]],
    ['8080:80', [port(80, 8080)]],
    ['8080:80/tcp', [port(80, 8080)]],
    ['53:53/udp', [port(53, 53, '', 'udp')]],
    ['127.0.0.1:8080:80', [port(80, 8080, '127.0.0.1')]],
    ['127.0.0.1::80', [port(80, 0, '127.0.0.1')]],
    [':80', [port(80)]],
    ['0.0.0.0:8080:80', [port(80, 8080, '0.0.0.0')]],
    ['[::1]:99:98', [port(98, 99, '::1')]],
    ['[::1]::98', [port(98, 0, '::1')]],
    ['8000-8002:80-82', [port(80, 8000), port(81, 8001), port(82, 8002)]],
    ['90-91', [port(90), port(91)]],
  ] as const)
    it(`${text} is ${expected.length} of them`, () => assert.deepEqual(parsePublish(text), expected));

  for (const [text, reason] of [
    ['', /is not \[ADDRESS:\]/],
    ['http', /is not \[ADDRESS:\]/],
    ['80/sctp', /only tcp and udp/],
    ['0:80', /not a port between/],
    ['65536:80', /not a port between/],
    ['81-80', /not a port between/],
    ['8000-8001:80-82', /not equally long/],
    ['8000-8010:80', /not equally long/],
    ['localhost:80:80', /not an address of the host/],
    ['[127.0.0.1]:80:80', /not an address of the host/],
    ['::1:80:80', /is not \[ADDRESS:\]|not an address/],
    ['300.0.0.1:80:80', /not an address of the host/],
    ['1:2:3:4', /is not \[ADDRESS:\]|not an address/],
  ] as const)
    it(`${JSON.stringify(text)} is refused`, () => assert.throws(() => parsePublish(text), { code: 'ERR_TSRUN_USAGE', message: reason }));
});

describe('the ports of a container', () => {
  it('with -P are those of the image and of --expose, but those that have a place already', () => {
    const ports = choosePorts({ publish: ['8080:80'], publishAll: true, expose: ['90/udp'], exposed: ['80/tcp', '443'] });
    assert.deepEqual(ports, [port(80, 8080), port(90, 0, '', 'udp'), port(443)]);
    assert.deepEqual(choosePorts({ exposed: ['80/tcp'], expose: ['81'] }), []);
  });

  it('are each once; two for one place, or too many, are refused', () => {
    assert.deepEqual(choosePorts({ publish: ['8080:80', '8080:80/tcp'] }), [port(80, 8080)]);
    assert.throws(() => choosePorts({ publish: ['8080:80', '8080:81'] }), /port 8080 is to be both port 80 and port 81 of the container/);
    assert.throws(() => choosePorts({ publish: ['1000-2000:1000-2000'] }), { code: 'ERR_TSRUN_UNSUPPORTED' });
  });

  it('are each told at both kinds of addresses when none was named', () => {
    assert.deepEqual(hostAddresses(port(80, 8080)), ['0.0.0.0:8080', '[::]:8080']);
    assert.deepEqual(hostAddresses(port(80, 8080, '::1')), ['[::1]:8080']);
  });
});
