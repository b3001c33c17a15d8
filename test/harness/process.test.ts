import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { start } from './process.js';

describe('waiting for what a process says', () => {
  it('leaves no listener behind, however often it is done', async () => {
    const running = start(['sh', '-c', 'echo ready; read line; echo "$line"'], { input: 'open' });
    const before = running.child.stdout?.listenerCount('data');
    for (let count = 0; count < 20; count++) await running.waitFor(/ready/);
    const told = running.waitFor(/typed/);
    running.child.stdin?.end('typed\n');
    await told;
    assert.equal(running.child.stdout?.listenerCount('data'), before);
    await running.finished;
  });
});
