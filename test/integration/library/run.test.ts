/** run() and pull() for programs. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { identities } from '../../harness/identity.js';
import { leftovers } from '../../harness/leftovers.js';
import { nodeVersions } from '../../harness/nodes.js';
import { assertNothingLeft, describeAs, NOTHING } from '../../harness/place.js';
import { isRunning } from '../../harness/processes.js';
import { until } from '../../harness/wait.js';
import { program, startProgram } from './program.js';

const STREAMS = `
const container = await run(image, ['sh', '-c', 'cat; echo error >&2; exit 3'], { rm: true, interactive: true });
print({ id: /^[0-9a-f]{64}$/.test(container.id), pid: container.pid > 1 });
container.stdin.write('one ');
container.stdin.end('two');
print([await text(container.stdout), await text(container.stderr), await container.wait(), await container.wait()]);
`;

for (const who of identities()) {
  describeAs(who, 'the library', (where) => {
    for (const node of nodeVersions()) {
      it(`on Node ${node.line}: run() gives streams, the id, the pid and the exit status`, {
        skip: node.unavailable ?? false,
      }, async () => {
        assert.deepEqual(await program(where(), STREAMS, {}, node), [{ id: true, pid: true }, ['one two', 'error\n', 3, 3]]);
      });
    }

    it('kill() sends a signal; the status is 128+n where it ends the container', async () => {
      const lines = `
        const stay = ['sh', '-c', 'trap "echo usr1" USR1; echo ready; while :; do sleep 0.05; done'];
        for (const signal of [undefined, 'SIGINT', 'SIGKILL']) {
          const container = await run(image, stay, { rm: true });
          await once(container.stdout, 'data');
          container.kill('SIGUSR1');
          const [answer] = await once(container.stdout, 'data');
          container.kill(signal);
          print([String(answer), await container.wait()]);
          container.kill();
        }`;
      assert.deepEqual(await program(where(), lines), [
        ['usr1\n', 143],
        ['usr1\n', 130],
        ['usr1\n', 137],
      ]);
      assert.deepEqual(leftovers(where().box), NOTHING);
    });

    it('an AbortSignal ends a container, and one that is being started; nothing is left', async () => {
      const lines = `
        const before = new AbortController();
        before.abort();
        print(await failure(run(image, ['true'], { rm: true, signal: before.signal })));
        for (const delay of [0, 20, 60]) {
          const during = new AbortController();
          setTimeout(() => during.abort(), delay);
          print(await failure(run(image, ['sleep', '60'], { rm: true, signal: during.signal }).then((container) => container.wait())));
        }
        const after = new AbortController();
        const container = await run(image, ['sh', '-c', 'trap "" TERM; sleep 60'], { rm: true, signal: after.signal });
        after.abort();
        print(await failure(container.wait()));`;
      const aborted = { typed: true, code: 'ERR_TSRUN_INTERRUPTED', exitCode: 130, message: 'the run was aborted' };
      for (const answer of await program(where(), lines)) assert.deepEqual({ ...(answer as object), message: aborted.message }, aborted);
      await assertNothingLeft(where().box);
    });

    it('one signal may be given to a dozen runs, and ends them all', async () => {
      const lines = `
        const { signal, abort } = (() => { const one = new AbortController(); return { signal: one.signal, abort: () => one.abort() }; })();
        const all = await Promise.all(Array.from({ length: 12 }, () => run(image, ['sleep', '60'], { rm: true, signal })));
        abort();
        print(await Promise.all(all.map((container) => failure(container.wait()).then(({ code }) => code))));`;
      assert.deepEqual(await program(where(), lines), [Array(12).fill('ERR_TSRUN_INTERRUPTED')]);
      await assertNothingLeft(where().box);
    });

    it('kill -9 of the program: its container dies within a second and cleans up after itself', async () => {
      const running = startProgram(
        where(),
        `const container = await run(image, ['sleep', '60'], { rm: true }); print(container.pid); await container.wait();`,
      );
      const pid = Number((await running.waitFor(/^(\d+)\n/))[1]);
      running.child.kill('SIGKILL');
      assert.ok(await until(() => !isRunning(pid), 1000));
      await assertNothingLeft(where().box);
    });

    if (who.name !== 'range') return; // the rest is the same for all
    it('kill() stops and continues the container, not what carries it', async () => {
      const lines = `
        import { readFileSync } from 'node:fs';
        const container = await run(image, ['sh', '-c', 'echo ready; exec sleep 60'], { rm: true });
        await once(container.stdout, 'data');
        const state = () => readFileSync('/proc/' + container.pid + '/stat', 'latin1').split(') ')[1][0];
        container.kill('SIGSTOP');
        while (state() !== 'T') await pause(5);
        container.kill('SIGCONT');
        while (state() === 'T') await pause(5);
        container.kill('SIGTERM');
        print(await container.wait());`;
      assert.deepEqual(await program(where(), lines), [143]);
    });

    it('failures are TsrunErrors with the code of their kind', async () => {
      const lines = `
        for (const [name, command, options] of [
          [image, ['nope'], {}],
          [image, ['/etc'], {}],
          [image, ['true'], { user: 'nobody-here' }],
          [image, ['true'], { volume: ['/nowhere:/x'] }],
          [image, ['true'], { workdir: 'relative' }],
          [image, ['true'], { name: '-' }],
          ['oci:/nowhere:latest', ['true'], {}],
          ['UPPER', ['true'], {}],
        ]) {
          const { typed, code, exitCode, message } = await failure(run(name, command, { rm: true, pull: 'missing', ...options }));
          print([typed, code, exitCode, typeof message]);
        }`;
      assert.deepEqual(await program(where(), lines), [
        [true, 'ERR_TSRUN_COMMAND_NOT_FOUND', 127, 'string'],
        [true, 'ERR_TSRUN_COMMAND_NOT_RUNNABLE', 126, 'string'],
        [true, 'ERR_TSRUN_USER_NOT_FOUND', 125, 'string'],
        [true, 'ERR_TSRUN_MOUNT_SOURCE', 125, 'string'],
        [true, 'ERR_TSRUN_USAGE', 125, 'string'],
        [true, 'ERR_TSRUN_USAGE', 125, 'string'],
        [true, 'ERR_TSRUN_IMAGE_NOT_FOUND', 125, 'string'],
        [true, 'ERR_TSRUN_REFERENCE_INVALID', 125, 'string'],
      ]);
    });

    it('two containers run at once, each with streams, host name and status of its own', async () => {
      const lines = `
        const start = (status) => run(image, ['sh', '-c', 'cat; hostname; exit ' + status], { rm: true, interactive: true });
        const both = await Promise.all([start(1), start(2)]);
        both[0].stdin.end('first ');
        both[1].stdin.end('second ');
        const outputs = await Promise.all(both.map(({ stdout }) => text(stdout)));
        print(await Promise.all(both.map((container) => container.wait())));
        print(outputs.map((output, index) => output.replace(both[index].id.slice(0, 12), 'own id')));`;
      assert.deepEqual(await program(where(), lines), [
        [1, 2],
        ['first own id\n', 'second own id\n'],
      ]);
    });

    it('a reader that closes early ends the container', async () => {
      const lines = `
        const container = await run(image, ['sh', '-c', 'while :; do echo y 2>/dev/null; done'], { rm: true });
        await once(container.stdout, 'data');
        container.stdout.destroy();
        print(await container.wait());`;
      assert.deepEqual(await program(where(), lines), [141]);
    });

    it('tty gives the container a terminal: output and errors are one stream, and input ends with ^D', async () => {
      const lines = `
        const container = await run(image, ['sh', '-c', 'tty; cat; echo error >&2'], { rm: true, tty: true, interactive: true });
        const [name] = await once(container.stdout, 'data');
        container.stdin.end('typed\\n');
        print([name + (await text(container.stdout)), await text(container.stderr), await container.wait()]);`;
      assert.deepEqual(await program(where(), lines), [['/dev/pts/0\r\ntyped\r\ntyped\r\nerror\r\n', '', 0]]);
    });

    it('works in a worker thread', async () => {
      const lines = `
        import { isMainThread, parentPort, Worker } from 'node:worker_threads';
        import { fileURLToPath } from 'node:url';
        if (isMainThread) {
          const worker = new Worker(fileURLToPath(import.meta.url));
          worker.on('message', print);
        } else {
          const container = await run(image, ['echo', 'from a worker'], { rm: true });
          parentPort.postMessage([await text(container.stdout), await container.wait()]);
        }`;
      assert.deepEqual(await program(where(), lines), [['from a worker\n', 0]]);
    });

    it('a worker thread that is terminated takes its container with it', async () => {
      const lines = `
        import { isMainThread, parentPort, Worker } from 'node:worker_threads';
        import { fileURLToPath } from 'node:url';
        if (isMainThread) {
          const worker = new Worker(fileURLToPath(import.meta.url));
          const [pid] = await once(worker, 'message');
          await worker.terminate();
          print(pid);
        } else {
          const container = await run(image, ['sleep', '60'], { rm: true });
          parentPort.postMessage(container.pid);
          await container.wait();
        }`;
      const [pid] = await program(where(), lines);
      assert.ok(await until(() => !isRunning(pid as number), 1000));
      await assertNothingLeft(where().box);
    });

    it('Symbol.asyncDispose ends what still runs, also what ignores SIGTERM, and waits for that', async () => {
      const lines = `
        for (const script of ['exit 4', 'exec sleep 60', 'trap "" TERM; echo ready; while :; do sleep 0.05; done']) {
          const container = await run(image, ['sh', '-c', script], { rm: true });
          if (script.includes('ready')) await once(container.stdout, 'data');
          if (script.includes('exit')) await container.wait();
          await container[Symbol.asyncDispose]();
          print(await container.wait());
        }`;
      assert.deepEqual(await program(where(), lines), [4, 143, 137]);
      assert.deepEqual(leftovers(where().box), NOTHING);
    });
  });
}
