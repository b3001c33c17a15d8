/** However a run ends, nothing of it stays: no process, no mount, and after the next start no directory. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chownSync, existsSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { identities } from '../../harness/identity.js';
import { leftovers } from '../../harness/leftovers.js';
import { assertNothingLeft, childrenOf, describeAs, firstProcessOf, isRunning, killAllBut, NOTHING, probeProgram, until } from './place.js';

/** Writes files of several owners, then stays. */
const WORK =
  'mkdir -p /a/b; echo x > /a/b/c; chown 1:1 /a 2>/dev/null; chmod 000 /a/b; (sleep 60 & setsid sleep 60 &) ; echo ready; sleep 60; true';

for (const who of identities()) {
  describeAs(who, 'death', (where) => {
    const started = async (words: string[] = [where().image, 'sh', '-c', WORK]) => {
      const running = where().start(words);
      await running.waitFor(/ready/);
      const pid = firstProcessOf(running);
      return { running, pid, descendants: [pid, ...childrenOf(pid)] };
    };

    it('kill -9 of the container’s first process: 137, and nothing is left', async () => {
      const { running, pid, descendants } = await started();
      process.kill(pid, 'SIGKILL');
      assert.equal((await running.finished).code, 137);
      assert.ok(descendants.every((descendant) => !isRunning(descendant)));
      assert.deepEqual(leftovers(where().box), NOTHING);
    });

    it('kill -9 of tsrun: the container dies within a second, and the next start leaves nothing behind', async () => {
      const { running, descendants } = await started();
      running.child.kill('SIGKILL');
      assert.ok(await until(() => descendants.every((pid) => !isRunning(pid)), 1000), 'dead within a second');
      assert.equal(leftovers(where().box).directories.length, 1, 'what is to be swept');
      await where().sh('true');
      await assertNothingLeft(where().box);
    });

    it('kill -9 of both at once leaves nothing behind either', async () => {
      const { running, pid } = await started();
      running.child.kill('SIGKILL');
      process.kill(pid, 'SIGKILL');
      await running.finished;
      await where().sh('true');
      await assertNothingLeft(where().box);
    });

    it('a container that cleared its parent-death signal, as exec of a setuid program does, dies within a second as well', async () => {
      const probe = await probeProgram();
      const { running, pid } = await started(['-v', `${probe}:/probe`, where().image, '/probe', 'orphan']);
      running.child.kill('SIGKILL');
      assert.ok(await until(() => !isRunning(pid), 1000));
      await where().sh('true');
      await assertNothingLeft(where().box);
    });

    it('a directory whose runner died before it could lock it goes with a later start; one that was made just now is let be', async () => {
      const [old, young] = ['a', 'b'].map((digit) => join(where().box.root, 'v1/transient', `new-${digit.repeat(64)}`)) as [string, string];
      for (const directory of [old, young]) mkdirSync(directory);
      if (process.getuid?.() === 0) for (const directory of [old, young]) chownSync(directory, who.uid, who.gid);
      const then = Date.now() / 1000 - 120;
      utimesSync(old, then, then);
      await where().sh('true');
      assert.deepEqual([old, young].map(existsSync), [false, true]);
      rmSync(young, { recursive: true });
    });

    it('a container that outlives all of tsrun’s processes is ended by the next start', async () => {
      const probe = await probeProgram();
      const { running, pid } = await started(['-v', `${probe}:/probe`, where().image, '/probe', 'orphan']);
      killAllBut(running.pid, pid);
      assert.ok(isRunning(pid), 'it lives on');
      await where().sh('true');
      assert.ok(await until(() => !isRunning(pid)));
      await assertNothingLeft(where().box);
    });

    it('kill -9 at twelve moments between the start and the end: the next start leaves nothing behind', async () => {
      for (let moment = 0; moment < 12; moment++) {
        const running = where().start([where().image, 'sh', '-c', 'echo x > /file; exit 0']);
        await pause(40 + moment * 15);
        running.child.kill('SIGKILL');
        await running.finished;
      }
      await where().sh('true');
      await until(() => leftovers(where().box).processes.length === 0);
      // A directory that was not locked yet when its runner died is given the time to be.
      await assertNothingLeftSoon(where().box, () => where().sh('true'));
    });

    if (who.name === 'range') {
      it('many starts at once, each of which sweeps what died, do not take each other for dead', async () => {
        for (const { running } of await Promise.all([started(), started(), started()])) {
          running.child.kill('SIGKILL');
          await running.finished;
        }
        assert.equal(leftovers(where().box).directories.length, 3);
        const outputs = await Promise.all(Array.from({ length: 10 }, (_, index) => where().sh(`echo ${index} > /file; cat /file`)));
        assert.deepEqual(
          outputs,
          Array.from({ length: 10 }, (_, index) => `${index}\n`),
        );
        await assertNothingLeft(where().box);
      });
    }

    it('kill -9 of Node while it works out the plan: said in one sentence, 125, and nothing is left', async () => {
      await using silence = await silentRegistry();
      const running = where().start([`127.0.0.1:${silence.port}/image`, 'true']);
      await silence.asked;
      const [node] = childrenOf(running.pid);
      assert.match(readFileSync(`/proc/${node}/cmdline`, 'utf8'), /^node\0/);
      process.kill(node as number, 'SIGKILL');
      const { code, stderr } = await running.finished;
      assert.equal(code, 125);
      assert.match(stderr, /^tsrun: node was killed before it could start the container/m);
      assert.deepEqual(leftovers(where().box), NOTHING);
    });

    it('kill -9 of tsrun while Node works out the plan ends Node', async () => {
      await using silence = await silentRegistry();
      const running = where().start([`127.0.0.1:${silence.port}/image`, 'true']);
      await silence.asked;
      const [node = 0] = childrenOf(running.pid);
      running.child.kill('SIGKILL');
      assert.ok(await until(() => !isRunning(node), 1000));
      assert.deepEqual(leftovers(where().box), NOTHING);
    });

    it('a directory that cannot be removed by the run is removed by a later one', async () => {
      const file = join(where().box.home, 'script');
      writeFileSync(file, 'mkdir -p /d; chmod 0 /d; touch /d/x 2>/dev/null; rm -rf /etc; ln -s /nowhere /etc; mknod /fifo p; exit 0', {
        mode: 0o644,
      });
      assert.equal((await where().run(['-v', `${file}:/script`, where().image, 'sh', '/script'])).code, 0);
      rmSync(file);
      assert.deepEqual(leftovers(where().box), NOTHING);
    });
  });
}

async function assertNothingLeftSoon(box: Parameters<typeof leftovers>[0], next: () => Promise<unknown>): Promise<void> {
  const isEmpty = () => leftovers(box).directories.length === 0;
  for (let tries = 0; tries < 12 && !(await until(isEmpty, 1000)); tries++) await next();
  await assertNothingLeft(box);
}

/** A registry that accepts a connection and never answers. */
async function silentRegistry(): Promise<AsyncDisposable & { port: number; asked: Promise<unknown> }> {
  const server: Server = createServer();
  const asked = once(server, 'connection').then(([socket]) => {
    socket.on('error', () => {});
    server.once('close', () => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return {
    port,
    asked,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.emit('close');
    },
  };
}
