import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';

const MODULE = new URL('../../src/cli/output.js', import.meta.url).href;

function program(body: string) {
  const source = `import { standardStreams, writeAll } from ${JSON.stringify(MODULE)};\n${body}`;
  return spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: ['ignore', 'pipe', 'pipe'] });
}

describe('standard output', () => {
  it('is written whole when the reader is slow and the pipe non-blocking', async () => {
    // Touching process.stdout makes the pipe non-blocking.
    const child = program(`process.stdout; standardStreams().stdout.write('x'.repeat(1 << 20));`);
    await new Promise((resolve) => setTimeout(resolve, 300));
    let length = 0;
    child.stdout.on('data', (chunk) => {
      length += chunk.length;
    });
    const [code] = await once(child, 'close');
    assert.deepEqual([code, length], [0, 1 << 20]);
  });

  it('whose reader has gone ends the program as SIGPIPE would', async () => {
    const child = program(`for (;;) standardStreams().stdout.write('x'.repeat(4096));`);
    child.stdout.once('data', () => child.stdout.destroy());
    const [code] = await once(child, 'exit');
    assert.equal(code, 141);
  });

  it('leaves the flags of a pipe alone', async () => {
    const child = program(`
      import { readFileSync } from 'node:fs';
      const { stdout, stderr } = standardStreams();
      stdout.write(String(stdout.columns)); stderr.write('');
      const flags = Number.parseInt(/flags:\\t(\\d+)/.exec(readFileSync('/proc/self/fdinfo/1', 'utf8'))[1], 8);
      stdout.write(flags & 0o4000 ? ' non-blocking' : ' blocking');`);
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
    });
    await once(child, 'close');
    assert.equal(text, '80 blocking');
  });
});
