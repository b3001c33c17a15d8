/** Containers without --rm: what ps, inspect and rm say and do, also after an end that nobody saw. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { identities } from '../../harness/identity.js';
import { describeAs, firstProcessOf, isRunning, killAllBut, type Place, probeProgram, until } from './place.js';

interface Listed {
  id: string;
  name: string;
  image: string;
  command: string[];
  status: string;
  pid?: number;
  exitCode?: number;
  rm: boolean;
}

const kept = ({ box }: Place, words: string[]) => box.tsrun(['run', ...words]);

async function list({ box }: Place, flags: string[] = []): Promise<Listed[]> {
  const { code, stdout, stderr } = await box.tsrun(['ps', '--json', ...flags]);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  return JSON.parse(stdout);
}

for (const who of identities()) {
  describeAs(who, 'containers that are kept', (where) => {
    it('ps -a and inspect tell of one that has ended, rm removes it and all that it wrote', async () => {
      const place = where();
      assert.equal(
        (await kept(place, ['--name', 'one', place.image, 'sh', '-c', 'mkdir -p /x/y; chmod 0 /x; chown 1 /x 2>/dev/null; exit 3'])).code,
        3,
      );
      assert.deepEqual(await list(place), []);
      const [one, ...others] = await list(place, ['-a']);
      assert.equal(others.length, 0);
      const { id, name, image, command, status, exitCode, rm } = one as Listed;
      assert.match(id, /^[0-9a-f]{64}$/);
      assert.deepEqual(
        { name, image, status, exitCode, rm },
        { name: 'one', image: place.image, status: 'stopped', exitCode: 3, rm: false },
      );
      assert.deepEqual(command.slice(0, 2), ['sh', '-c']);

      const [inspected] = JSON.parse((await place.box.tsrun(['inspect', id.slice(0, 12)])).stdout);
      assert.deepEqual([inspected.Id, inspected.State.ExitCode, inspected.Config.Hostname], [id, 3, id.slice(0, 12)]);
      const removed = await place.box.tsrun(['rm', 'one']);
      assert.deepEqual({ code: removed.code, stdout: removed.stdout }, { code: 0, stdout: 'one\n' });
      assert.deepEqual(await list(place, ['-a']), []);
      assert.deepEqual(readdirSync(join(place.box.root, 'v1/containers')), []);
    });

    it('one whose runner was killed shows as stopped, and can be removed', async () => {
      const place = where();
      const running = place.box.start(['run', '--name', 'lost', place.image, 'sh', '-c', 'echo ready; exec sleep 60']);
      await running.waitFor(/ready/);
      const pid = firstProcessOf(running);
      assert.ok(await until(async () => (await list(place)).length === 1));
      running.child.kill('SIGKILL');
      await running.finished;
      assert.ok(await until(() => !isRunning(pid), 1000));
      assert.deepEqual(await list(place), []);
      const [lost] = await list(place, ['-a']);
      assert.deepEqual(
        { status: lost?.status, pid: lost?.pid, exitCode: lost?.exitCode },
        { status: 'stopped', pid: undefined, exitCode: undefined },
      );
      assert.equal((await place.run(['--name', 'lost', place.image, 'true'])).code, 125, 'its name is still taken');
      assert.equal((await place.box.tsrun(['rm', 'lost'])).code, 0);
      assert.equal((await place.run(['--name', 'lost', place.image, 'true'])).code, 0);
    });

    if (who.name !== 'range') return; // the rest is the same for all
    it('one that runs is listed with its pid; rm refuses it, rm -f ends and removes it', async () => {
      const place = where();
      const running = place.box.start(['run', '--name', 'busy', place.image, 'sh', '-c', 'echo ready; exec sleep 60']);
      await running.waitFor(/ready/);
      const pid = firstProcessOf(running);
      assert.ok(await until(async () => (await list(place)).length === 1));
      assert.deepEqual(
        (await list(place)).map(({ name, status, pid: listed }) => ({ name, status, pid: listed })),
        [{ name: 'busy', status: 'running', pid }],
      );
      const refused = await place.box.tsrun(['rm', 'busy']);
      assert.equal(refused.code, 125);
      assert.match(refused.stderr, /the container busy is running.*tsrun rm -f busy/);
      assert.ok(isRunning(pid));
      assert.equal((await place.box.tsrun(['rm', '-f', 'busy'])).code, 0);
      assert.equal((await running.finished).code, 137);
      assert.deepEqual(await list(place, ['-a']), []);
    });

    it('one that outlives all of tsrun’s processes still runs, and rm -f ends it', async () => {
      const place = where();
      const probe = await probeProgram();
      const running = place.box.start(['run', '--name', 'orphan', '-v', `${probe}:/probe`, place.image, '/probe', 'orphan']);
      await running.waitFor(/ready/);
      const pid = firstProcessOf(running);
      assert.ok(await until(async () => (await list(place)).length === 1));
      killAllBut(running.pid, pid);
      await running.finished;
      assert.deepEqual(
        (await list(place)).map(({ status, pid: listed }) => [status, listed]),
        [['running', pid]],
      );
      assert.equal((await place.box.tsrun(['rm', 'orphan'])).code, 125);
      assert.equal((await place.box.tsrun(['rm', '-f', 'orphan'])).code, 0);
      assert.ok(!isRunning(pid));
      assert.deepEqual(await list(place, ['-a']), []);
    });

    it('--rm containers are listed while they run, and gone afterwards, also by rm -f', async () => {
      const place = where();
      for (const end of ['its command', 'rm -f']) {
        const running = place.start(['-i', '--name', 'passing', place.image, 'cat'], { input: 'open' });
        assert.ok(await until(async () => (await list(place)).length === 1));
        assert.equal((await list(place))[0]?.rm, true);
        if (end === 'rm -f') assert.equal((await place.box.tsrun(['rm', '-f', 'passing'])).code, 0);
        else running.child.stdin?.end();
        assert.equal((await running.finished).code, end === 'rm -f' ? 137 : 0);
        assert.deepEqual(await list(place, ['-a']), []);
      }
    });

    it('a command that cannot start leaves no container', async () => {
      const place = where();
      assert.equal((await kept(place, ['--name', 'never', place.image, 'nope'])).code, 127);
      assert.deepEqual(await list(place, ['-a']), []);
      assert.ok(!existsSync(join(place.box.root, 'v1/names/never')));
    });
  });
}
