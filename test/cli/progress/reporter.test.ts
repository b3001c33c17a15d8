import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PullEvent, SendEvent } from '../../../src/api/options.js';
import { createReporter } from '../../../src/cli/progress/reporter.js';
import { Screen } from '../../harness/screen.js';
import { capture } from '../capture.js';

const REFERENCE = 'docker.io/library/alpine:latest';
const A = `sha256:${'a'.repeat(64)}`;
const B = `sha256:${'b'.repeat(64)}`;
const IMAGE = `sha256:${'c'.repeat(64)}`;

const START: PullEvent[] = [
  { type: 'resolve', reference: REFERENCE },
  {
    type: 'manifest',
    digest: IMAGE,
    layers: [
      { digest: A, size: 4_000_000 },
      { digest: B, size: 1_000_000 },
    ],
  },
];
const DONE: PullEvent = { type: 'done', reference: REFERENCE, digest: IMAGE };

/** What a person sees, and whether the cursor is among it. */
function screenOf(bytes: string): { lines: string[]; cursorHidden: boolean } {
  const screen = new Screen();
  // The line discipline adds the carriage return.
  screen.write(bytes.replaceAll('\n', '\r\n'));
  return { lines: screen.text.split('\n').filter(Boolean), cursorHidden: bytes.lastIndexOf('[?25l') > bytes.lastIndexOf('[?25h') };
}

/** A reporter on a screen, with a clock that stands until it is moved. */
function terminal(columns = 80, rows = 24) {
  const stderr = capture(true, columns, rows);
  let time = 0;
  const reporter = createReporter(stderr, { now: () => time });
  return {
    reporter,
    stderr,
    at(milliseconds: number, ...events: (PullEvent | SendEvent)[]) {
      time = milliseconds;
      for (const event of events) reporter.event(event);
      return screenOf(stderr.text);
    },
  };
}

describe('an image that is sent', () => {
  const SENT: SendEvent[] = [
    ...(START as SendEvent[]),
    { type: 'uploaded', digest: A, alreadyPresent: true },
    { type: 'upload', digest: B, bytes: 500_000, size: 1_000_000 },
  ];
  const REST: SendEvent[] = [{ type: 'uploaded', digest: B, alreadyPresent: false }, DONE as SendEvent];

  it('has its layers and their bytes on a terminal, and one line in the end', () => {
    const { at, reporter, stderr } = terminal(80);
    at(0, ...SENT.slice(0, -1));
    assert.deepEqual(at(200, ...SENT.slice(-1)).lines, [
      'alpine:latest: 1/2 layers, 5MB',
      'aaaaaaaaaaaa  already present',
      'bbbbbbbbbbbb  uploading    [=========>          ]  500kB/1MB',
    ]);
    at(3_000, ...REST);
    reporter.stop();
    assert.deepEqual(screenOf(stderr.text).lines, ['alpine:latest: sent 1MB in 3.0 s']);
  });

  it('is told step by step elsewhere', () => {
    const stderr = capture(false);
    const reporter = createReporter(stderr);
    for (const event of [...SENT, ...REST]) reporter.event(event);
    assert.deepEqual(stderr.text.trim().split('\n').slice(1), [
      'alpine:latest: 2 layers, 5MB',
      'aaaaaaaaaaaa: already there',
      'bbbbbbbbbbbb: sending 1MB',
      'bbbbbbbbbbbb: sent',
      `alpine:latest: sent (${IMAGE})`,
    ]);
  });

  it('says what has arrived when it is interrupted', () => {
    const { at, reporter, stderr } = terminal(120);
    at(0, ...SENT);
    reporter.stop(true);
    assert.deepEqual(screenOf(stderr.text).lines, ['alpine:latest: interrupted: 1 of 2 layers have arrived, and need not be sent again']);
  });
});

describe('an interrupted pull', () => {
  const HALF: PullEvent[] = [
    ...START,
    { type: 'downloaded', digest: A, alreadyPresent: false },
    { type: 'download', digest: B, bytes: 10, size: 1_000_000 },
  ];
  const KEPT = 'alpine:latest: interrupted: 1 of 2 layers are kept, and the next pull goes on from there';

  it('says what is kept, on a terminal and elsewhere', () => {
    const { at, reporter, stderr } = terminal(120);
    at(0, ...HALF);
    reporter.stop(true);
    reporter.stop();
    assert.deepEqual(screenOf(stderr.text), { lines: [KEPT], cursorHidden: false });
    const plain = capture(false);
    const lines = createReporter(plain);
    for (const event of HALF) lines.event(event);
    lines.stop(true);
    lines.stop();
    assert.equal(plain.text.split('\n').at(-2), KEPT);
  });

  it('says nothing where nothing is kept, or all of it is there', () => {
    for (const events of [START, [...HALF, { type: 'downloaded', digest: B, alreadyPresent: false } as const, DONE]]) {
      const plain = capture(false);
      const lines = createReporter(plain);
      for (const event of events) lines.event(event);
      lines.stop(true);
      assert.doesNotMatch(plain.text, /interrupted/);
    }
  });
});

describe('progress on a terminal', () => {
  it('says at once what is pulled', () => {
    const { reporter, stderr } = terminal();
    reporter.begin('alpine');
    assert.deepEqual(screenOf(stderr.text), { lines: ['alpine: resolving'], cursorHidden: true });
    reporter.stop();
  });

  it('draws a bar with bytes and rate for each layer, and unpacking', () => {
    const { at, reporter } = terminal();
    at(0, ...START, { type: 'download', digest: A, bytes: 0, size: 4_000_000 });
    const { lines } = at(
      1000,
      { type: 'downloaded', digest: B, alreadyPresent: true },
      { type: 'download', digest: A, bytes: 2_000_000, size: 4_000_000 },
    );
    assert.deepEqual(lines.slice(0, 1), ['alpine:latest: 1/2 layers, 5MB']);
    // The throttled frame before showed what was known then; the next one is whole.
    assert.deepEqual(at(1200, { type: 'download', digest: A, bytes: 2_400_000, size: 4_000_000 }).lines, [
      'alpine:latest: 1/2 layers, 5MB',
      'aaaaaaaaaaaa  downloading  [===========>        ]  2.4MB/4MB  2MB/s',
      'bbbbbbbbbbbb  already present',
    ]);
    at(1300, { type: 'downloaded', digest: A, alreadyPresent: false });
    assert.match(at(1500, { type: 'unpack', digest: A, bytes: 1_000_000, size: 4_000_000 }).lines[1] ?? '', /unpacking {4}\[====>/);
    reporter.stop();
  });

  it('shows why a layer starts again', () => {
    const { at, reporter } = terminal(120);
    at(0, ...START, { type: 'download', digest: A, bytes: 100, size: 4_000_000 });
    const { lines } = at(500, { type: 'retry', digest: A, reason: 'connection \x1b[31mreset', attempt: 2 });
    assert.match(lines[1] ?? '', /retrying: connection \\x1b\[31mreset/);
    reporter.stop();
  });

  it('ends as one line, with the cursor back', () => {
    const { at, reporter, stderr } = terminal();
    at(0, ...START);
    at(2000, { type: 'downloaded', digest: A, alreadyPresent: false }, { type: 'downloaded', digest: B, alreadyPresent: false }, DONE);
    reporter.stop();
    reporter.stop();
    assert.deepEqual(screenOf(stderr.text), { lines: ['alpine:latest: pulled 5MB in 2.0 s'], cursorHidden: false });
  });

  it('leaves nothing of a pull that failed or was interrupted', () => {
    const { at, reporter, stderr } = terminal();
    at(0, ...START, { type: 'downloaded', digest: A, alreadyPresent: false });
    reporter.stop();
    at(3000, { type: 'download', digest: B, bytes: 1, size: 1_000_000 });
    assert.deepEqual(screenOf(stderr.text), { lines: [], cursorHidden: false });
  });

  it('puts notes above the picture', () => {
    const { at, reporter, stderr } = terminal();
    at(0, START[0] as PullEvent);
    reporter.note('devices were skipped');
    assert.deepEqual(screenOf(stderr.text).lines, ['note: devices were skipped', 'alpine:latest: resolving']);
    reporter.stop();
  });

  it('is no wider and no higher than the window, what moves first', () => {
    const layers = Array.from({ length: 120 }, (_, index) => ({
      digest: `sha256:${String(index).padStart(64, '0').split('').reverse().join('')}`,
      size: 1000,
    }));
    const { at, reporter } = terminal(30, 8);
    at(0, { type: 'resolve', reference: REFERENCE }, { type: 'manifest', digest: IMAGE, layers });
    const last = layers.at(-1)?.digest ?? '';
    const { lines } = at(200, { type: 'download', digest: last, bytes: 500, size: 1000 });
    assert.ok(lines.length <= 7, `${lines.length} lines`);
    assert.ok(lines.every((line) => [...line].length <= 29));
    assert.match(lines.join('\n'), new RegExp(`^${last.slice(7, 19)}  downloading`, 'm'));
    assert.match(lines.at(-1) ?? '', /more layers/);
    reporter.stop();
  });

  it('is throttled', () => {
    const { at, reporter, stderr } = terminal();
    at(0, ...START);
    const before = stderr.text.length;
    for (let bytes = 0; bytes < 1000; bytes++) at(50, { type: 'download', digest: A, bytes, size: 4_000_000 });
    assert.equal(stderr.text.length, before);
    reporter.stop();
  });
});

describe('progress without a terminal', () => {
  it('is one line per step', () => {
    const stderr = capture();
    const reporter = createReporter(stderr);
    reporter.begin('alpine');
    const events: PullEvent[] = [
      ...START,
      { type: 'downloaded', digest: B, alreadyPresent: true },
      { type: 'download', digest: A, bytes: 0, size: 4_000_000 },
      { type: 'download', digest: A, bytes: 1_000_000, size: 4_000_000 },
      { type: 'retry', digest: A, reason: 'a reset', attempt: 1 },
      { type: 'download', digest: A, bytes: 4_000_000, size: 4_000_000 },
      { type: 'downloaded', digest: A, alreadyPresent: false },
      { type: 'unpack', digest: A, bytes: 0, size: 4_000_000 },
      { type: 'unpack', digest: A, bytes: 2_000_000, size: 4_000_000 },
      { type: 'unpacked', digest: A, alreadyPresent: false },
      DONE,
    ];
    for (const event of events) reporter.event(event);
    reporter.stop();
    assert.equal(
      stderr.text,
      [
        'alpine: resolving',
        'alpine:latest: 2 layers, 5MB',
        'bbbbbbbbbbbb: already present',
        'aaaaaaaaaaaa: downloading 4MB',
        'aaaaaaaaaaaa: retrying after a reset (attempt 1)',
        'aaaaaaaaaaaa: downloaded',
        'aaaaaaaaaaaa: unpacking',
        'aaaaaaaaaaaa: unpacked',
        `alpine:latest: pulled (${IMAGE})`,
        '',
      ].join('\n'),
    );
  });

  it('is silent when asked to be', () => {
    const stderr = capture(true);
    const reporter = createReporter(stderr, { quiet: true });
    reporter.begin('alpine');
    for (const event of [...START, DONE]) reporter.event(event);
    reporter.note('something');
    reporter.stop();
    assert.equal(stderr.text, '');
  });
});
