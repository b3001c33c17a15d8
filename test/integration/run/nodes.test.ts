/** The main job on every Node that tsrun supports: a pull over HTTP with a zstd layer, a terminal, and an end that nobody sees. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { identities } from '../../harness/identity.js';
import { busyboxTar } from '../../harness/images.js';
import { writeLayout } from '../../harness/layout.js';
import { nodeVersions } from '../../harness/nodes.js';
import { openTerminal } from '../../harness/pty.js';
import { startRegistry } from '../../harness/registry.js';
import { temporaryDirectory } from '../../harness/temporary.js';
import { sandbox } from '../../harness/tsrun.js';
import { assertNothingLeft, firstProcessOf, isRunning, until } from './place.js';

for (const who of identities()) {
  for (const node of nodeVersions()) {
    const skip = who.unavailable ?? node.unavailable ?? false;
    it(`as ${who.name}, on Node ${node.line}: a zstd layer from a registry, a pty, and kill -9`, { skip }, async (t) => {
      t.diagnostic(`as ${who.name} (uid ${who.uid}), Node ${node.line}`);
      const layout = temporaryDirectory();
      writeLayout(layout, [{ tag: 'zstd', layers: [{ tar: await busyboxTar(), compression: 'zstd' }], config: { Cmd: ['sh'] } }]);
      await using registry = await startRegistry();
      const image = await registry.push(`oci:${layout}:zstd`, 'team/zstd:v1');
      await using box = sandbox(who, node);
      const first = await box.tsrun(['run', '--rm', image, 'echo', 'pulled']);
      assert.deepEqual([first.code, first.stdout], [0, 'pulled\n'], first.stderr);
      assert.match(registry.log(), /"GET \S*\/team\/zstd\/blobs\/sha256:/);
      const [blob] = JSON.parse((await box.tsrun(['images', '--json'])).stdout);
      assert.ok(blob.names.includes(image));

      const size = { rows: 33, columns: 99 };
      const terminal = await openTerminal([box.program, 'run', '--rm', image], { as: who, cwd: box.home, env: box.env, ...size });
      terminal.type('stty size; tty; exit 5\r');
      assert.equal((await terminal.finished).code, 5);
      assert.match(terminal.output(), /^33 99\r\n\/dev\/pts\/0\r$/m);

      const running = box.start(['run', '--rm', image, 'sh', '-c', 'echo ready; exec sleep 60']);
      await running.waitFor(/ready/);
      const pid = firstProcessOf(running);
      running.child.kill('SIGKILL');
      await running.finished;
      assert.ok(await until(() => !isRunning(pid), 1000));
      assert.equal((await box.tsrun(['run', '--rm', image, 'true'])).code, 0);
      await assertNothingLeft(box);
    });
  }
}
