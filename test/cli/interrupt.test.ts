import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';

const MODULE = new URL('../../src/cli/interrupt.js', import.meta.url).href;

async function interrupted(verb: string, signal: NodeJS.Signals): Promise<{ code: number | null; out: string; took: number }> {
  const program = `
    import { interruptible } from ${JSON.stringify(MODULE)};
    import { writeSync } from 'node:fs';
    setTimeout(() => writeSync(1, 'ready '), 0);
    await interruptible(${verb}, () => writeSync(1, 'restored '));
    writeSync(1, 'went on');`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  let at = 0;
  child.stdout.on('data', (chunk) => {
    if (at === 0) {
      at = performance.now();
      child.kill(signal);
    }
    out += chunk;
  });
  const [code] = await once(child, 'close');
  return { code, out, took: performance.now() - at };
}

describe('a signal during a verb', () => {
  it('ends one that heeds it with 128+n, the terminal put right', async () => {
    const heeding = `(signal) => new Promise((_, reject) => { const timer = setTimeout(() => {}, 60000); signal.addEventListener('abort', () => { clearTimeout(timer); reject(signal.reason); }); })`;
    const { code, out } = await interrupted(heeding, 'SIGINT');
    assert.equal(code, 130);
    assert.match(out, /ready restored/);
    assert.doesNotMatch(out, /went on/);
  });

  it('ends one that does not heed it soon after', async () => {
    const { code, took } = await interrupted(`() => new Promise((resolve) => setTimeout(resolve, 60000))`, 'SIGTERM');
    assert.equal(code, 143);
    assert.ok(took < 5000, `${took} ms`);
  });

  it('counts even when the verb succeeds in spite of it', async () => {
    const { code, out } = await interrupted(
      `(signal) => new Promise((resolve) => { const timer = setTimeout(() => {}, 60000); signal.addEventListener('abort', () => { clearTimeout(timer); resolve(); }); })`,
      'SIGHUP',
    );
    assert.equal(code, 129);
    assert.doesNotMatch(out, /went on/);
  });
});
