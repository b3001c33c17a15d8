import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { inCheckout } from '../harness/checkout.js';
import { execute, start } from '../harness/process.js';
import { temporaryDirectory } from '../harness/temporary.js';

/** An installation whose bin/tsrun is this script. */
function installed(script: string): string[] {
  const directory = temporaryDirectory();
  mkdirSync(join(directory, 'bin'));
  symlinkSync(inCheckout('dist'), join(directory, 'dist'));
  for (const file of ['package.json', 'bin/run.js']) copyFileSync(inCheckout(file), join(directory, file));
  writeFileSync(join(directory, 'bin/tsrun'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return [process.execPath, '--preserve-symlinks', join(directory, 'bin/run.js')];
}

describe('run, asked of Node', () => {
  it('is handed to bin/tsrun with every word as it stands, flags before it included, and its exit status', async () => {
    const program = installed(`for word; do printf '<%s>' "$word"; done; exit 7`);
    const { code, stdout } = await execute([...program, '--root', '/x', 'run', '--rm', 'alpine', 'ls', '--help', '', 'a b', 'ls']);
    assert.deepEqual([code, stdout], [7, '<run><--root></x><--rm><alpine><ls><--help><><a b><ls>']);
  });

  it('passes a TERM on and reports the signal that ended it', async () => {
    const running = start([...installed('echo ready; exec sleep 60'), 'run', 'alpine']);
    await running.waitFor(/ready/);
    running.child.kill('SIGTERM');
    assert.equal((await running.finished).code, 143);
  });

  it('says that the helper is missing when bin/tsrun hands it back', async () => {
    const { code, stderr } = await execute([...installed('exec node "$(dirname "$0")/run.js" "$@"'), 'run', 'alpine', '--json']);
    assert.equal(code, 125);
    assert.match(stderr, /^tsrun: there is no native helper for linux-.*\n$/);
  });
});
