/** docker's health flags and an image's HEALTHCHECK, as the check of a container. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type HealthOptions, parseHealth } from '../../src/container/parse-health.js';
import { parseDuration } from '../../src/spec/duration.js';
import type { ImageHealthcheck } from '../../src/spec/image.js';

const DEFAULTS = { interval: 30_000, timeout: 30_000, startPeriod: 0, startInterval: 5_000, retries: 3 };
const IMAGE: ImageHealthcheck = {
  Test: ['CMD', 'curl', '-f', 'localhost'],
  Interval: 10e9,
  Timeout: 0,
  StartPeriod: 1_500_000_000,
  Retries: 7,
};
const OF_IMAGE = { ...DEFAULTS, test: ['curl', '-f', 'localhost'], interval: 10_000, startPeriod: 1_500, retries: 7 };

const CHECKS: readonly [what: string, HealthOptions, ImageHealthcheck | undefined, object | undefined][] = [
  ['without any there is none', {}, undefined, undefined],
  ['times alone are none', { healthInterval: '1s', healthRetries: 2 }, undefined, undefined],
  ['a text is the shell’s', { healthCmd: 'a && b' }, undefined, { ...DEFAULTS, test: ['/bin/sh', '-c', 'a && b'] }],
  ['an array is a command', { healthCmd: ['a', '&&'] }, undefined, { ...DEFAULTS, test: ['a', '&&'] }],
  ['podman’s JSON is a command too', { healthCmd: '["CMD", "a", "b c"]' }, undefined, { ...DEFAULTS, test: ['a', 'b c'] }],
  ['its CMD may be left out', { healthCmd: '["a"]' }, undefined, { ...DEFAULTS, test: ['a'] }],
  [
    'what only looks like JSON is the shell’s',
    { healthCmd: '[ -e /x ]' },
    undefined,
    { ...DEFAULTS, test: ['/bin/sh', '-c', '[ -e /x ]'] },
  ],
  ['the image’s', {}, IMAGE, OF_IMAGE],
  ['the image’s, with another interval', { healthInterval: '1m30s' }, IMAGE, { ...OF_IMAGE, interval: 90_000 }],
  ['another command at the image’s times', { healthCmd: 'x' }, IMAGE, { ...OF_IMAGE, test: ['/bin/sh', '-c', 'x'] }],
  ['the image’s in its shell', {}, { Test: ['CMD-SHELL', 'x'] }, { ...DEFAULTS, test: ['/bin/ash', '-ec', 'x'] }],
  ['an image may have none', {}, { Test: ['NONE'] }, undefined],
  ['or nothing to say', {}, { Test: [] }, undefined],
  ['none switches the image’s off', { healthCmd: 'none' }, IMAGE, undefined],
  ['so does --no-healthcheck', { noHealthcheck: true }, IMAGE, undefined],
  ['so it does beside other options', { noHealthcheck: true, ...{ rm: true } }, IMAGE, undefined],
  ['0 is the default', { healthTimeout: '0', healthRetries: 0 }, IMAGE, { ...OF_IMAGE, retries: 3 }],
];

for (const [what, options, image, expected] of CHECKS)
  test(`a health check: ${what}`, () => {
    const shell = image?.Test?.[0] === 'CMD-SHELL' ? ['/bin/ash', '-ec'] : undefined;
    assert.deepEqual(parseHealth(options, image, shell), expected);
  });

const REFUSED: readonly [HealthOptions, RegExp][] = [
  [{ healthInterval: 'soon' }, /invalid argument "soon" for "--health-interval"/],
  [{ healthTimeout: '5' }, /"5" for "--health-timeout"/],
  [{ healthStartPeriod: '-1s' }, /"-1s"/],
  [{ healthInterval: '10us' }, /"10us"/],
  [{ healthRetries: -1 }, /"-1" for "--health-retries"/],
  [{ noHealthcheck: true, healthCmd: 'x' }, /--no-healthcheck conflicts with --health-\* options/],
];

for (const [options, message] of REFUSED)
  test(`${JSON.stringify(options)} is refused`, () => {
    assert.throws(() => parseHealth(options, undefined), { code: 'ERR_TSRUN_USAGE', message });
  });

test('a length of time is written as Go writes it', () => {
  const lengths = { '90s': 90_000, '1h30m': 5_400_000, '1.5s': 1_500, '.5m': 30_000, '2us': 0.002, '3µs': 0.003, '0': 0, '1m1ms': 60_001 };
  for (const [text, milliseconds] of Object.entries(lengths)) assert.equal(parseDuration(text), milliseconds, text);
  for (const text of ['', '1', 's', '1 s', '-1s', '1d', '1s2', '1s x']) assert.equal(parseDuration(text), undefined, text);
});
