/** bin/tsrun: found and started in whatever way people call it. */
import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { it } from 'node:test';
import { identity } from '../../harness/identity.js';
import { temporaryDirectory } from '../../harness/temporary.js';
import { describeAs } from './place.js';

describeAs(identity('range'), 'bin/tsrun', (where) => {
  it('runs by a link to a link, by PATH, by a relative name, and as a script of sh', async () => {
    const { box, image } = where();
    const links = temporaryDirectory();
    symlinkSync(box.program, join(links, 'first'));
    symlinkSync('first', join(links, 'second'));
    const bin = dirname(box.program);
    for (const [line, cwd, path] of [
      [[join(links, 'second')], links, ''],
      [['sh', '-c', 'exec second "$@"', 'sh'], '/', `${links}:`],
      [['sh', '-c', 'exec tsrun "$@"', 'sh'], '/', `${bin}:`],
      [['./tsrun'], bin, ''],
      [['sh', 'tsrun'], bin, ''],
    ] as const) {
      const command = [...line, 'run', '--rm', image, 'echo', 'ran'];
      const { code, stdout, stderr } = await box.command(command, { cwd, env: { PATH: path + box.env['PATH'] } }).finished;
      assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: 'ran\n', stderr: '' }, line.join(' '));
    }
  });

  it('says that Node is missing', async () => {
    const { box, image } = where();
    for (const words of [['run', image, 'true'], ['ps']]) {
      const { code, stderr } = await box.command(['/bin/sh', box.program, ...words], { env: { PATH: '/nowhere' } }).finished;
      assert.equal(code, 125);
      assert.equal(stderr, 'tsrun: Node.js is not in PATH: install version 20.19 or newer\n');
    }
  });

  it('ends with 125 when Node itself cannot start, not with what Node ends with', async () => {
    const { code, stderr } = await where().box.tsrun(['run', where().image, 'true'], { env: { NODE_OPTIONS: '--frob' } });
    assert.equal(code, 125);
    assert.match(stderr, /--frob(.*\n)*tsrun: Node\.js ended with status 9 /);
  });

  it('takes the helper that TSRUN_HELPER names', async () => {
    const { code, stdout } = await where().box.tsrun(['run', '--rm', 'x'], { env: { TSRUN_HELPER: '/bin/echo' } });
    assert.equal(code, 0);
    assert.match(stdout, /^drive \S+\/bin\/compile\.cjs run --rm x\n$/);
  });
});
