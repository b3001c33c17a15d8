/** docker's words: how a container is, its ports, moments, cut text. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { displayedPorts } from '../../../src/cli/listing/ports.js';
import { ellipsis } from '../../../src/cli/listing/shorten.js';
import { isUp, stateOf, statusWords, type Told } from '../../../src/cli/listing/status.js';
import { goTime } from '../../../src/cli/listing/time.js';
import type { ContainerPort } from '../../../src/index.js';

const NOW = Date.parse('2024-06-01T00:00:00Z');
const ago = (seconds: number) => new Date(NOW - seconds * 1000).toISOString();

const STATES: [container: Omit<Told, 'created'>, state: string, words: string][] = [
  [{ status: 'creating' }, 'created', 'Created'],
  [{ status: 'created' }, 'created', 'Created'],
  [{ status: 'running', started: ago(0) }, 'running', 'Up Less than a second'],
  [{ status: 'running', started: ago(1) }, 'running', 'Up 1 second'],
  [{ status: 'running', started: ago(59) }, 'running', 'Up 59 seconds'],
  [{ status: 'running', started: ago(60) }, 'running', 'Up About a minute'],
  [{ status: 'running', started: ago(180) }, 'running', 'Up 3 minutes'],
  [{ status: 'running', started: ago(3600) }, 'running', 'Up About an hour'],
  [{ status: 'running', started: ago(2 * 86_400) }, 'running', 'Up 2 days'],
  [{ status: 'running' }, 'running', 'Up 5 minutes'],
  [{ status: 'running', started: ago(300), paused: true }, 'paused', 'Up 5 minutes (Paused)'],
  [{ status: 'paused', started: ago(300) }, 'paused', 'Up 5 minutes (Paused)'],
  [{ status: 'running', started: ago(300), health: 'healthy' }, 'running', 'Up 5 minutes (healthy)'],
  [{ status: 'running', started: ago(300), health: 'unhealthy' }, 'running', 'Up 5 minutes (unhealthy)'],
  [{ status: 'running', started: ago(300), health: 'starting' }, 'running', 'Up 5 minutes (health: starting)'],
  [{ status: 'running', started: ago(300), health: 'none' }, 'running', 'Up 5 minutes'],
  [{ status: 'running', started: ago(300), health: 'healthy', paused: true }, 'paused', 'Up 5 minutes (Paused)'],
  [{ status: 'restarting', exitCode: 1, finished: ago(3) }, 'restarting', 'Restarting (1) 3 seconds ago'],
  [{ status: 'stopped', exitCode: 0, finished: ago(7200) }, 'exited', 'Exited (0) 2 hours ago'],
  [{ status: 'stopped', exitCode: 137, finished: ago(60) }, 'exited', 'Exited (137) About a minute ago'],
  [{ status: 'stopped', finished: ago(60) }, 'exited', 'Exited About a minute ago'],
  [{ status: 'stopped' }, 'exited', 'Exited'],
  [{ status: 'exited', exitCode: 0, finished: ago(86_400 * 30) }, 'exited', 'Exited (0) 4 weeks ago'],
  [{ status: 'stopped', exitCode: 0, finished: ago(1), paused: true }, 'exited', 'Exited (0) 1 second ago'],
  [{ status: 'removing' }, 'removing', 'Removal In Progress'],
  [{ status: 'dead' }, 'dead', 'Dead'],
];

describe('a container', () => {
  for (const [container, state, words] of STATES) {
    it(`is ${JSON.stringify(words)}`, () => {
      const told = { created: ago(300), ...container };
      assert.deepEqual([stateOf(told), statusWords(told, NOW)], [state, words]);
      assert.equal(isUp(told), /^(Up|Restarting) /.test(words));
    });
  }
});

const port = (containerPort: number, hostPort?: number, hostIp?: string, protocol = 'tcp'): ContainerPort => ({
  containerPort,
  protocol,
  ...(hostPort === undefined ? {} : { hostPort }),
  ...(hostIp === undefined ? {} : { hostIp }),
});

/** As docker's own tests of DisplayablePorts have them. */
const PORTS: [ports: ContainerPort[], shown: string][] = [
  [[], ''],
  [[port(9988)], '9988/tcp'],
  [[port(9988, undefined, undefined, 'udp')], '9988/udp'],
  [[port(9988, undefined, '0.0.0.0')], '9988/tcp'],
  [[port(9988, 8899)], '0.0.0.0:8899->9988/tcp'],
  [[port(80, 8080, '')], '0.0.0.0:8080->80/tcp, [::]:8080->80/tcp'],
  [[port(80, 80, '')], '0.0.0.0:80->80/tcp, [::]:80->80/tcp'],
  [[port(9988, 8899, '4.3.2.1')], '4.3.2.1:8899->9988/tcp'],
  [[port(9988, 8899, '::')], '[::]:8899->9988/tcp'],
  [[port(9988, 9988, '4.3.2.1')], '4.3.2.1:9988->9988/tcp'],
  [[port(9988, undefined, undefined, 'udp'), port(9988, undefined, undefined, 'udp')], '9988/udp, 9988/udp'],
  [[port(9998, 9998, '1.2.3.4'), port(9999, 9999, '1.2.3.4')], '1.2.3.4:9998-9999->9998-9999/tcp'],
  [[port(9998, 8887, '1.2.3.4'), port(9999, 8888, '1.2.3.4')], '1.2.3.4:8887->9998/tcp, 1.2.3.4:8888->9999/tcp'],
  [[port(9998, 9998, '1.2.3.4'), port(9999, 9999, '4.3.2.1')], '1.2.3.4:9998->9998/tcp, 4.3.2.1:9999->9999/tcp'],
  [[port(82), port(80), port(81), port(90)], '80-82/tcp, 90/tcp'],
];

describe('ports', () => {
  for (const [ports, shown] of PORTS) {
    it(`are ${JSON.stringify(shown)}`, () => {
      assert.equal(displayedPorts(ports), shown);
    });
  }
});

describe('a moment', () => {
  const cases: [text: string | undefined, zone: string, shown: string | undefined][] = [
    ['2024-01-01T12:00:00.123456789Z', 'UTC', '2024-01-01 12:00:00 +0000 UTC'],
    ['2024-01-01T00:30:00Z', 'America/New_York', '2023-12-31 19:30:00 -0500 EST'],
    ['2024-07-01T00:00:00Z', 'America/New_York', '2024-06-30 20:00:00 -0400 EDT'],
    ['2024-01-01T00:00:00Z', 'Asia/Kolkata', '2024-01-01 05:30:00 +0530 +0530'],
    ['2024-01-01T00:00:00Z', 'Asia/Dubai', '2024-01-01 04:00:00 +0400 +04'],
    ['1970-01-01T00:00:00Z', 'UTC', '1970-01-01 00:00:00 +0000 UTC'],
    ['yesterday', 'UTC', undefined],
    [undefined, 'UTC', undefined],
  ];
  for (const [text, zone, shown] of cases) {
    it(`${text} in ${zone} is ${shown}`, () => {
      assert.equal(goTime(text, zone), shown);
    });
  }
});

describe('text that is cut', () => {
  const cases: [text: string, width: number, cut: string][] = [
    ['twelve chars', 12, 'twelve chars'],
    ['twelve chars!', 12, 'twelve char…'],
    ['', 5, ''],
    ['日本語', 6, '日本語'],
    ['日本語', 5, '日本…'],
    ['日本語', 4, '日…'],
    ['aé日x', 4, 'aé…'],
    ['ab', 1, '…'],
  ];
  for (const [text, width, cut] of cases) {
    it(`${JSON.stringify(text)} within ${width} columns is ${JSON.stringify(cut)}`, () => {
      assert.equal(ellipsis(text, width), cut);
    });
  }
});
