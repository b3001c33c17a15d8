/** Signals sent to tsrun, whose process is the helper's. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { identities } from '../../harness/identity.js';
import { commOf } from '../../harness/processes.js';
import { childrenOf, describeAs, firstProcessOf, isRunning, probeProgram, until } from './place.js';

const NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGTERM: 15 } as const;
const SIGNALS = Object.keys(NUMBERS) as (keyof typeof NUMBERS)[];
/** Short sleeps: a shell runs its traps between commands. */
const STAY = 'echo ready; while :; do sleep 0.05; done';

for (const who of identities()) {
  describeAs(who, 'signals', (where) => {
    const started = async (script: string, flags: string[] = []) => {
      const running = where().start([...flags, where().image, 'sh', '-c', script]);
      await running.waitFor(/ready/);
      return running;
    };

    for (const signal of SIGNALS) {
      it(`${signal} that pid 1 catches is handled by it`, async () => {
        const running = await started(`trap 'echo caught; exit 7' ${signal.slice(3)}; ${STAY}`);
        running.child.kill(signal);
        const { code, stdout } = await running.finished;
        assert.deepEqual({ code, stdout }, { code: 7, stdout: 'ready\ncaught\n' });
      });

      it(`${signal} that pid 1 does not catch ends it, as ${128 + NUMBERS[signal]}`, async () => {
        const running = where().start([where().image, 'sleep', '60']);
        const sleeps = () => childrenOf(running.pid).find((pid) => commOf(pid) === 'sleep');
        assert.ok(await until(() => sleeps() !== undefined));
        const pid = sleeps() ?? 0;
        running.child.kill(signal);
        assert.equal((await running.finished).code, 128 + NUMBERS[signal]);
        assert.ok(!isRunning(pid));
      });
    }

    it('SIGTERM that pid 1 ignores does nothing; the second one ends it', async () => {
      const running = await started(`trap '' TERM; trap 'echo usr1' USR1; ${STAY}`);
      running.child.kill('SIGTERM');
      running.child.kill('SIGUSR1');
      await running.waitFor(/usr1/);
      assert.ok(isRunning(firstProcessOf(running)));
      running.child.kill('SIGTERM');
      assert.equal((await running.finished).code, 143);
    });

    it('SIGTERM that pid 1 takes by sigwait, as an init does, is handed on and not made SIGKILL', async () => {
      const probe = await probeProgram();
      const running = where().start(['-v', `${probe}:/probe`, where().image, '/probe', 'wait']);
      await running.waitFor(/ready/);
      for (const [signal, number] of [
        ['SIGINT', 2],
        ['SIGTERM', 15],
      ] as const) {
        running.child.kill(signal);
        await running.waitFor(new RegExp(`^${number}$`, 'm'));
      }
      running.child.kill('SIGTERM');
      assert.equal((await running.finished).code, 143, 'the second SIGTERM');
    });

    it('a signal that the caller ignores, as under nohup, does nothing; the container starts with all of them as they were made', async () => {
      const script = `grep -E 'Sig(Blk|Ign)' /proc/self/status; ${STAY}`;
      const words = [where().box.program, 'run', '--rm', where().image, 'sh', '-c', script];
      const running = where().box.command(['sh', '-c', 'trap "" HUP INT; exec "$@"', 'sh', ...words]);
      await running.waitFor(/ready/);
      const pid = firstProcessOf(running);
      for (const signal of ['SIGHUP', 'SIGINT'] as const) running.child.kill(signal);
      await new Promise((done) => setTimeout(done, 300));
      assert.ok(isRunning(pid));
      running.child.kill('SIGTERM');
      const { code, stdout } = await running.finished;
      assert.equal(code, 143);
      assert.match(stdout, /^SigBlk:\t0+\nSigIgn:\t0+\nready\n$/);
    });

    it('SIGHUP that the caller ignores does not end the work before the start either', async () => {
      const running = where().box.command([
        ...['sh', '-c', 'trap "" HUP; exec "$@"', 'sh'],
        ...[where().box.program, 'run', '--rm', where().image, 'echo', 'done'],
      ]);
      assert.ok(await until(() => childrenOf(running.pid).length === 1), 'Node works out the plan');
      process.kill(-running.pid, 'SIGHUP');
      const { code, stdout } = await running.finished;
      assert.deepEqual({ code, stdout }, { code: 0, stdout: 'done\n' });
    });

    it('SIGUSR1, SIGUSR2 and SIGWINCH are handed on', async () => {
      const running = await started(`for name in USR1 USR2 WINCH; do trap "echo $name" $name; done; trap 'exit 0' TERM; ${STAY}`);
      for (const [signal, name] of [
        ['SIGUSR1', /USR1/],
        ['SIGUSR2', /USR2/],
        ['SIGWINCH', /WINCH/],
      ] as const) {
        running.child.kill(signal);
        await running.waitFor(name);
      }
      running.child.kill('SIGTERM');
      assert.equal((await running.finished).code, 0);
    });

    it('SIGTERM before the command has begun ends the run too', async () => {
      const running = where().start([where().image, 'sleep', '60']);
      assert.ok(await until(() => childrenOf(running.pid).length === 1), 'Node works out the plan');
      running.child.kill('SIGTERM');
      assert.equal((await running.finished).code, 143);
    });

    it('SIGSTOP and SIGCONT of tsrun leave the container as it is', async () => {
      const running = await started(`trap 'exit 0' TERM; ${STAY}`);
      const pid = firstProcessOf(running);
      running.child.kill('SIGSTOP');
      running.child.kill('SIGTERM');
      assert.ok(isRunning(pid));
      running.child.kill('SIGCONT');
      assert.equal((await running.finished).code, 0);
      assert.ok(await until(() => !isRunning(pid)));
    });
  });
}
