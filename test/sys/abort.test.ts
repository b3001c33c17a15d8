import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { anySignal } from '../../src/sys/abort.js';

test('a derived signal has room for any number of listeners, and puts none on its sources', async (t) => {
  const warned = t.mock.fn();
  process.on('warning', warned);
  t.after(() => process.off('warning', warned));
  const [one, other] = [new AbortController(), new AbortController()];
  const derived = anySignal(one.signal, undefined, other.signal);
  for (let count = 0; count < 20; count += 1) derived.addEventListener('abort', () => count);
  await turn();
  assert.equal(warned.mock.callCount(), 0);
  for (const { signal } of [one, other]) assert.equal(getEventListeners(signal, 'abort').length, 0);
  other.abort('stopped');
  assert.deepEqual([derived.aborted, derived.reason, one.signal.aborted], [true, 'stopped', false]);
  assert.equal(anySignal(other.signal).aborted, true);
});
