/** What containers use, as /proc counts it. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { identities } from '../../harness/identity.js';
import { describeLife } from '../lifecycle/place.js';

/** Drawn, and drawn again from the upper left corner. */
const HOME = '\x1b[H';
const TWICE = new RegExp(`${HOME.replace('[', '\\[')}CONTAINER ID[^]*busy[^]*${HOME.replace('[', '\\[')}CONTAINER[^]*busy`);

for (const who of identities()) {
  describeLife(who, 'stats', (life) => {
    it('sums over the processes of what runs, once, in a pipe, and on a terminal until ^C', async () => {
      // 20 MB that are its own, and work to count.
      await life().detached(
        'x=$(head -c 20000000 /dev/zero | tr "\\0" x); sleep 1000 & while :; do i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; sleep 0.1; done',
        '--name',
        'busy',
      );
      const [busy] = JSON.parse(await life().ok('stats', '--no-stream', '--json', 'busy'));
      assert.ok(busy.cpuPercent > 0, 'it works');
      assert.ok(busy.memory > 0 && busy.memory < busy.memoryLimit && busy.tasks >= 2);
      assert.deepEqual(
        [busy.name, typeof busy.received, typeof busy.sent, typeof busy.read, typeof busy.written],
        ['busy', ...Array(4).fill('number')],
      );

      const created = (await life().ok('create', life().image)).trim();
      const all = await life().ok('stats', '--no-stream', '-a', '--no-trunc', '--format', '{{.ID}} {{.CPUPerc}} {{.MemUsage}} {{.PIDs}}');
      assert.match(all, new RegExp(`^${created} 0.00% 0B / 0B 0$`, 'm'));
      assert.equal((await life().box.tsrun(['stats', '--no-stream', 'nobody'])).code, 125);

      const piped = life().box.start(['stats']);
      await piped.waitFor(/(CONTAINER ID .*\n[0-9a-f]{12} +busy .*\n){2}/);
      process.kill(piped.pid, 'SIGINT');
      assert.equal((await piped.finished).code, 130);
      assert.ok(!piped.stdout().includes('\x1b'));

      const terminal = await life().terminal('stats');
      await terminal.waitFor(TWICE);
      terminal.type('\x03');
      assert.equal((await terminal.finished).code, 130);
      assert.equal(terminal.screen().text.split('busy').length, 2, 'drawn in its place');
      await life().ok('rm', '-f', 'busy', created);
    });
  });
}
