/** `append`: one write at the end, and room is made by one of many. */
import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { jsonLines } from '../../src/plan/encode.js';
import { slot } from '../../src/plan/slot.js';
import { temporaryDirectory } from '../harness/temporary.js';
import { one, shell, two } from './plain.js';
import { launch, released } from './program.js';

const LIMIT = 100;

async function append(path: string, text: string) {
  const { code, stderr } = await launch(released, one(['append', path, LIMIT, text])).finished;
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
}

describe('append', () => {
  it('makes the file, private, and adds to its end', async () => {
    const path = join(temporaryDirectory(), 'events');
    await append(path, 'one\n');
    await append(path, jsonLines([{ id: slot('short-id') }, 2]));
    assert.match(readFileSync(path, 'utf8'), /^one\n\{"id":"[0-9a-f]{12}"\}\n2\n$/);
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  it('of several at once keeps every line whole; a full file is kept aside once', async () => {
    const path = join(temporaryDirectory(), 'events');
    const lines = Array.from({ length: 12 }, (_, n) => `${n} ${'x'.repeat(20)}\n`);
    appendFileSync(path, `old ${'x'.repeat(LIMIT)}\n`);
    await append(path, 'new\n');
    assert.equal(readFileSync(path, 'utf8'), 'new\n');
    assert.match(readFileSync(`${path}.1`, 'utf8'), /^old x+\n$/);
    await Promise.all(lines.slice(0, 3).map((line) => append(path, line)));
    assert.deepEqual(readFileSync(path, 'utf8').split('\n').sort(), ['', ...lines.slice(0, 3).map((line) => line.trim()), 'new'].sort());
  });

  it('follows no link, and says why it cannot', async () => {
    const { finished, reports } = launch(released, one(['append', temporaryDirectory(), LIMIT, 'x']));
    assert.equal((await finished).code, 125);
    assert.deepEqual([(await reports).failed?.operation, (await reports).failed?.error], ['append', 21]);
  });
});

describe('the slot exit-signal', () => {
  it('is the signal that ended the process, or nothing', async () => {
    for (const [script, text] of [
      ['kill -KILL $$', '137 9\n'],
      ['exit 137', '137 \n'],
    ] as const) {
      const path = join(temporaryDirectory(), 'end');
      await launch(released, two([shell(script)], { after: [['append', path, LIMIT, `${slot('exit-status')} ${slot('exit-signal')}\n`]] }))
        .finished;
      assert.equal(readFileSync(path, 'utf8'), text);
    }
  });
});
