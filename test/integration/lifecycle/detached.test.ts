/** run -d, create, start, stop, kill, wait, restart: containers that outlive who started them. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { identities } from '../../harness/identity.js';
import { isRunning, until } from '../run/place.js';
import { describeLife } from './place.js';

const STAY = 'echo ready; while :; do sleep 0.05; done';

/** Node has loaded its program and does nothing but wait, for as long as thirty looks. */
function settledDown(pid: number): () => boolean {
  let looks = 0;
  return () => {
    const sleeps =
      descriptorsOf(pid).some((target) => target.includes('eventpoll')) && /^State:\tS/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
    looks = sleeps ? looks + 1 : 0;
    return looks === 30;
  };
}

function descriptorsOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
    } catch {
      return [];
    }
  });
}

for (const who of identities()) {
  describeLife(who, 'run -d', (life) => {
    it('prints the id once the command runs, and leaves it running without any Node', async () => {
      const id = await life().detached(STAY, '--name', 'lives');
      const { runner, first } = life().processesOf(id);
      assert.ok(isRunning(runner) && isRunning(first));
      const status = readFileSync(`/proc/${runner}/status`, 'utf8');
      assert.match(status, /^Name:\ttsrun-helper$/m);
      assert.match(readFileSync(`/proc/${first}/status`, 'utf8'), /^NSpid:\t\d+\t1$/m);
      assert.match(await life().ok('ps'), /\blives\b/);
      await life().ok('rm', '-f', 'lives');
      assert.ok(!isRunning(first));
    });

    it('what cannot start is told to who started it, with docker’s exit code, and is not kept', async () => {
      const { code, stderr } = await life().box.tsrun(['run', '-d', '--name', 'never', life().image, 'nope']);
      assert.equal(code, 127);
      assert.match(stderr, /"nope": executable file not found/);
      assert.doesNotMatch(await life().ok('ps', '-a'), /never/);
    });

    it('with --rm goes when it ends, and takes all with it', async () => {
      const id = await life().detached('mkdir -p /a; echo x > /a/b; chown 1:1 /a/b 2>/dev/null; sleep 0.3', '--rm');
      assert.ok(await until(() => !existsSync(join(life().box.root, 'v1/transient', id))));
      assert.doesNotMatch(await life().ok('ps', '-a', '--no-trunc'), new RegExp(id));
    });

    it('has nothing of its caller’s: not its streams, its session, its directory or its signals', async () => {
      const id = await life().detached(
        'cat; for fd in 0 1 2; do echo $fd $(readlink /proc/self/fd/$fd); done; grep -E "Sig(Blk|Ign)" /proc/self/status; exit 3',
      );
      assert.equal((await life().ok('wait', id)).trim(), '3');
      const output = await life().ok('logs', id);
      assert.match(output, /^0 \/dev\/null\n1 pipe:\S+\n2 pipe:\S+\n/);
      assert.match(output, /SigBlk:\t0+\nSigIgn:\t0+\n/);
    });

    it('holds nothing open that its caller has: who waits for the end of it is not kept waiting', async () => {
      const { box, image } = life();
      const script =
        '{ "$tsrun" run -d -q --network none --name holds "$image" sleep 1000 7>&1 >/dev/null; echo through; } | cat; echo end';
      const waiting = box.command(['bash', '-c', script], { env: { tsrun: box.program, image } });
      const { code, stdout } = await waiting.finished;
      assert.deepEqual([code, stdout], [0, 'through\nend\n']);
      assert.match(await life().ok('ps', '--format', '{{.Names}}'), /^holds$/m);
      await life().ok('rm', '-f', 'holds');
    });
  });

  describeLife(who, 'create and start', (life) => {
    it('create prints an id and runs nothing; start runs it, again and again, and what it wrote is still there', async () => {
      const { image } = life();
      const id = (await life().ok('create', '--name', 'twice', image, 'sh', '-c', 'echo x >> /count; wc -l < /count')).trim();
      assert.match(await life().ok('ps', '-a'), /Created\s+twice/);
      assert.equal(await life().ok('logs', 'twice'), '');
      for (const count of [1, 2, 3]) {
        assert.equal(await life().ok('start', 'twice'), 'twice\n');
        assert.equal(await life().ok('wait', id), '0\n');
        assert.equal((await life().ok('logs', 'twice')).split('\n').filter(Boolean).length, count);
      }
      assert.equal((await life().ok('logs', '--tail', '1', 'twice')).trim(), '3');
    });

    it('start -a shows its output and ends as it ends; start -ai types as well', async () => {
      const { image, box } = life();
      await life().ok('create', '-i', '--name', 'filter', image, 'sh', '-c', 'sort; exit 6');
      const { code, stdout } = await box.tsrun(['start', '-ai', 'filter'], { input: 'b\na\n' });
      assert.deepEqual({ code, stdout }, { code: 6, stdout: 'a\nb\n' });
      const without = await box.tsrun(['start', '-a', 'filter'], { input: 'b\na\n' });
      assert.deepEqual([without.code, without.stdout], [6, '']);
    });

    it('a container that runs is not started twice; one that is not there is said to be', async () => {
      const id = await life().detached(STAY);
      const pid = await life().ok('inspect', '-f', '{{.State.Pid}}', id);
      assert.equal(await life().ok('start', id), `${id}\n`, 'as docker: nothing is done');
      assert.equal(await life().ok('inspect', '-f', '{{.State.Pid}}', id), pid);
      const twice = await life().box.tsrun(['start', '-a', id]);
      assert.equal(twice.code, 125);
      assert.match(twice.stderr, /runs already: connect to it with: tsrun attach/);
      const none = await life().box.tsrun(['start', 'nobody']);
      assert.equal(none.code, 125);
      assert.match(none.stderr, /no container nobody/);
    });

    it('of two that start it at once, one does', async () => {
      const id = (await life().ok('create', life().image, 'sh', '-c', STAY)).trim();
      const codes = (await Promise.all([1, 2].map(() => life().box.tsrun(['start', id])))).map(({ code }) => code).sort();
      // The other is too early, and refused, or late enough to see that it runs.
      assert.equal(codes[0], 0);
      assert.ok(codes[1] === 125 || codes[1] === 0);
      await life().ok('kill', id);
    });

    it('a start that fails leaves it as it was', async () => {
      const id = (await life().ok('create', '--name', 'broken', life().image, 'nope')).trim();
      const { code, stderr } = await life().box.tsrun(['start', id]);
      assert.equal(code, 125);
      assert.match(stderr, /"nope": executable file not found/);
      assert.equal((await life().box.tsrun(['start', '-a', id])).code, 127, 'attached it is the command’s');
      assert.match(await life().ok('ps', '-a'), /Created\s+broken/);
    });
  });

  describeLife(who, 'stop, kill, wait and restart', (life) => {
    it('stop ends pid 1 by the stop signal that it handles', async () => {
      const id = await life().detached(`trap 'echo bye; exit 7' TERM; ${STAY}`);
      assert.equal(await life().ok('stop', id), `${id}\n`);
      assert.equal(await life().ok('wait', id), '7\n');
      assert.match(await life().ok('logs', id), /bye\n$/);
    });

    it('stop ends at once what does not handle it, as 128+n, and by SIGKILL what ignores it', async () => {
      const deaf = await life().detached('exec sleep 60');
      await life().ok('stop', deaf);
      assert.equal(await life().ok('wait', deaf), '143\n');
      const stubborn = await life().detached(`trap '' TERM; ${STAY}`);
      await life().ok('stop', '-t', '1', stubborn);
      assert.equal(await life().ok('wait', stubborn), '137\n');
    });

    it('the stop signal is that of --stop-signal, and -s overrules it', async () => {
      const script = `trap 'exit 1' TERM; trap 'exit 10' USR1; trap 'exit 11' QUIT; ${STAY}`;
      const [first, second] = [await life().detached(script, '--stop-signal', 'SIGUSR1'), await life().detached(script)];
      await life().ok('stop', first);
      await life().ok('stop', '-s', 'QUIT', second);
      assert.equal(await life().ok('wait', first, second), '10\n11\n');
    });

    it('kill sends any signal; KILL, without one', async () => {
      const id = await life().detached(`trap 'echo usr1' USR1; ${STAY}`);
      await life().ok('kill', '-s', 'USR1', id);
      assert.ok(await until(async () => /usr1/.test(await life().ok('logs', id))));
      await life().ok('kill', id);
      assert.equal(await life().ok('wait', id), '137\n');
      const again = await life().box.tsrun(['kill', id]);
      assert.equal(again.code, 125);
      assert.match(again.stderr, /does not run/);
    });

    it('stop of what has stopped does nothing, and stop of several goes on behind one that is not there', async () => {
      const id = await life().detached('true');
      await life().ok('wait', id);
      await life().ok('stop', id);
      const { code, stdout } = await life().box.tsrun(['stop', 'nobody', id]);
      assert.deepEqual([code, stdout], [125, `${id}\n`]);
    });

    it('restart ends it and starts it again', async () => {
      const id = await life().detached(`trap 'exit 0' TERM; echo begun; ${STAY}`);
      const before = life().processesOf(id);
      await life().ok('restart', id);
      const after = life().processesOf(id);
      assert.notEqual(before.first, after.first);
      assert.ok(isRunning(after.first) && !isRunning(before.first));
      assert.ok(await until(async () => (await life().ok('logs', id)).match(/begun/g)?.length === 2));
    });

    it('pause stops every process of it, unpause lets them go on, and a paused one can be stopped', async () => {
      const id = await life().detached('(while :; do echo tick; sleep 0.02; done) & while :; do sleep 0.02; done');
      const states = () => {
        const { first } = life().processesOf(id);
        const all = [first, ...readFileSync(`/proc/${first}/task/${first}/children`, 'utf8').split(' ').filter(Boolean).map(Number)];
        return all.map((pid) => /\) (.) /.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.[1]);
      };
      await life().ok('pause', id);
      // One that had ended stays a zombie: its parent is stopped as well.
      assert.ok(await until(() => states().every((state) => state === 'T' || state === 'Z')), states().join());
      assert.match(await life().ok('ps'), /\(Paused\)/);
      assert.equal((await life().box.tsrun(['pause', id])).code, 125);
      const entering = await life().box.tsrun(['exec', id, 'true']);
      assert.equal(entering.code, 125);
      assert.match(entering.stderr, /is paused: let it go on first: tsrun unpause/);
      await life().ok('unpause', id);
      assert.ok(await until(() => states().every((state) => state !== 'T')));
      await life().ok('pause', id);
      await life().ok('stop', id);
      assert.equal(await life().ok('wait', id), '143\n');
    });

    it('rename gives it another name, also while it runs; one that is taken is refused', async () => {
      const [id, other] = [await life().detached(STAY), await life().detached(STAY, '--name', 'taken')];
      await life().ok('rename', id, 'renamed');
      assert.match(await life().ok('ps'), /\brenamed\b/);
      await life().ok('stop', '-t', '1', 'renamed');
      assert.match(await life().ok('ps', '-a'), /\brenamed\b/, 'its end changes nothing');
      const refused = await life().box.tsrun(['rename', 'renamed', 'taken']);
      assert.equal(refused.code, 125);
      assert.match(refused.stderr, /the name "taken" is used by another container/);
      await life().ok('rename', other, 'free');
      await life().ok('rename', 'renamed', 'taken');
      assert.equal((await life().box.tsrun(['rename', 'taken', '-x'])).code, 125);
    });

    it('wait for the next exit and for the removal', async () => {
      const id = (
        await life().ok('create', '--name', 'later', life().image, 'sh', '-c', 'test -e /again && sleep 60; > /again; exit 9')
      ).trim();
      const next = life().box.start(['wait', '--condition', 'next-exit', id]);
      assert.ok(await until(settledDown(next.pid), 20_000));
      await life().ok('start', id);
      assert.equal((await next.finished).stdout, '9\n');
      await life().ok('start', id);
      const removed = life().box.start(['wait', '--condition', 'removed', id]);
      assert.ok(await until(settledDown(removed.pid), 20_000));
      await life().ok('rm', '-f', id);
      assert.equal((await removed.finished).code, 0);
    });
  });

  describeLife(who, '--restart', (life) => {
    it('on-failure:2 begins it again twice, and counts that', async () => {
      const id = await life().detached('echo once; exit 5', '--restart', 'on-failure:2');
      assert.equal(await life().ok('wait', id), '5\n');
      assert.equal((await life().ok('logs', id)).match(/once/g)?.length, 3);
      assert.equal(JSON.parse(await life().ok('inspect', id))[0].restarts ?? JSON.parse(await life().ok('inspect', id))[0].RestartCount, 2);
    });

    it('on-failure leaves what succeeded alone', async () => {
      const id = await life().detached('echo once', '--restart', 'on-failure');
      assert.equal(await life().ok('wait', id), '0\n');
      assert.equal(await life().ok('logs', id), 'once\n');
    });

    it('always goes on until it is stopped; its data stay', async () => {
      const id = await life().detached('echo x >> /count; wc -l < /count; exit 1', '-q', '--restart', 'always');
      assert.ok(await until(async () => / *3\n/.test(await life().ok('logs', id)), 10_000));
      await life().ok('stop', id);
      const { length } = await life().ok('logs', id);
      await new Promise((done) => setTimeout(done, 500));
      assert.equal((await life().ok('logs', id)).length, length, 'it stays ended');
      assert.doesNotMatch(await life().ok('ps', '--no-trunc'), new RegExp(id));
    });

    it('always begins what was killed from outside again, but not what our kill ended', async () => {
      const id = await life().detached(`echo begun; ${STAY}`, '-q', '--restart', 'unless-stopped');
      const begun = async () => (await life().ok('logs', id)).match(/begun/g)?.length;
      assert.ok(await until(async () => (await begun()) === 1));
      process.kill(life().processesOf(id).first, 'SIGKILL');
      assert.ok(await until(async () => (await begun()) === 2, 20_000));
      await life().ok('kill', id);
      assert.equal(await life().ok('wait', id), '137\n');
      assert.equal(await begun(), 2);
    });

    it('refuses --rm beside it, and what is no policy', async () => {
      for (const flags of [
        ['--rm', '--restart', 'always'],
        ['--restart', 'sometimes'],
        ['--restart', 'always:3'],
      ]) {
        assert.equal((await life().box.tsrun(['run', '-d', ...flags, life().image, 'true'])).code, 125);
      }
    });
  });

  describeLife(who, 'kill -9', (life) => {
    it('of the supervisor: the container goes with it within a second, ps tells it, start and rm work', async () => {
      const id = await life().detached(STAY);
      const { runner, first } = life().processesOf(id);
      process.kill(runner, 'SIGKILL');
      assert.ok(await until(() => !isRunning(first), 1000));
      assert.doesNotMatch(await life().ok('ps', '--no-trunc'), new RegExp(id));
      assert.match(await life().ok('ps', '-a', '--no-trunc'), new RegExp(id));
      await life().ok('start', id);
      assert.match(await life().ok('ps', '--no-trunc'), new RegExp(id));
    });

    it('of the container: 137, and its supervisor goes as well', async () => {
      const id = await life().detached(STAY);
      const { runner, first } = life().processesOf(id);
      process.kill(first, 'SIGKILL');
      assert.equal(await life().ok('wait', id), '137\n');
      assert.ok(await until(() => !isRunning(runner)));
    });

    it('of both of one with --rm: the next start sweeps it', async () => {
      const id = await life().detached(STAY, '--rm');
      const { runner, first } = life().processesOf(id);
      process.kill(runner, 'SIGKILL');
      assert.ok(await until(() => !isRunning(first), 1000));
      await life().sh('true');
      assert.ok(await until(() => !existsSync(join(life().box.root, 'v1/transient', id))));
    });
  });
}
