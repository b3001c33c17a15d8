/** --health-*, and the image's HEALTHCHECK: the supervisor asks the container now and then how it is. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { identities } from '../../harness/identity.js';
import { busyboxTar } from '../../harness/images.js';
import { writeLayout } from '../../harness/layout.js';
import { withinReach } from '../../harness/reach.js';
import { temporaryDirectory } from '../../harness/temporary.js';
import { until } from '../run/place.js';
import { describeLife, type Life } from './place.js';

interface Health {
  Status: string;
  FailingStreak: number;
  Log: { Start: string; End: string; ExitCode: number; Output: string }[];
}

async function healthOf(life: Life, name: string): Promise<Health> {
  return JSON.parse(await life.ok('inspect', '-f', '{{json .State.Health}}', name));
}

async function becomes(life: Life, name: string, status: string): Promise<Health> {
  let health: Health | undefined;
  const found = await until(async () => {
    health = await healthOf(life, name);
    return health.Status === status;
  }, 15_000);
  assert.ok(found && health, `${name} is ${JSON.stringify(health)}`);
  return health;
}

const OFTEN = ['--network', 'none', '--health-interval', '200ms'];

for (const who of identities()) {
  describeLife(who, 'a health check', (life) => {
    it('is starting, unhealthy after so many failures, healthy after one success', async () => {
      const check = 'echo "$(id -u):$HOME:$PWD"; test -e /tmp/ok';
      const user = who.name === 'single' ? [] : ['-u', 'ada']; // one id is one user
      const flags = ['--name', 'asked', ...user, '-w', '/var', '--health-cmd', check, '--health-retries', '2'];
      await life().detached('while :; do sleep 1; done', ...OFTEN, ...flags);
      const ill = await becomes(life(), 'asked', 'unhealthy');
      assert.ok(ill.FailingStreak >= 2, JSON.stringify(ill));
      assert.match(await life().ok('ps', '--filter', 'health=unhealthy'), /Up .* \(unhealthy\) .* asked/);
      await life().ok('exec', 'asked', 'touch', '/tmp/ok');
      const well = await becomes(life(), 'asked', 'healthy');
      assert.equal(well.FailingStreak, 0);
      assert.ok(well.Log.length <= 5);
      const last = well.Log.at(-1);
      assert.deepEqual(
        [last?.ExitCode, last?.Output],
        [0, who.name === 'single' ? '0:/root:/var\n' : '1000:/home/ada:/var\n'],
        'as the container’s own user, in its directory',
      );
      assert.ok((last?.Start ?? '') < (last?.End ?? ''), JSON.stringify(last));
      await life().ok('stop', '-t', '0', 'asked');
      assert.match(await life().ok('start', 'asked'), /^asked$/m);
      assert.match((await healthOf(life(), 'asked')).Status, /^(starting|healthy)$/, 'it begins anew');
      await becomes(life(), 'asked', 'healthy');
      await life().ok('rm', '-f', 'asked');
    });

    it('that takes too long has failed and is gone, whatever it does about signals', async () => {
      const check = 'trap "" TERM; echo begun; exec sleep 4711';
      const flags = ['--name', 'slow', '--health-cmd', check, '--health-timeout', '200ms', '--health-retries', '1'];
      await life().detached('while :; do sleep 1; done', ...OFTEN, ...flags);
      const { Log } = await becomes(life(), 'slow', 'unhealthy');
      assert.deepEqual([Log[0]?.ExitCode, Log[0]?.Output], [-1, 'the health check took more than 200 ms']);
      await life().ok('pause', 'slow');
      const count = async () =>
        (
          await life()
            .ok('exec', 'slow', 'pgrep', '-c', '-f', 'sleep 4711')
            .catch(() => '0')
        ).trim();
      await life().ok('unpause', 'slow');
      assert.ok(Number(await count()) <= 1, 'never two at a time');
      await life().ok('rm', '-f', 'slow');
    });

    it('has no place in a container that is paused, and begins again after it', async () => {
      await life().detached('while :; do sleep 1; done', ...OFTEN, '--name', 'held', '--health-cmd', 'true');
      await becomes(life(), 'held', 'healthy');
      await life().ok('pause', 'held');
      const last = async () => (await healthOf(life(), 'held')).Log.at(-1)?.Start ?? '';
      await new Promise((done) => setTimeout(done, 300)); // one that had begun may still be written down
      const before = await last();
      await new Promise((done) => setTimeout(done, 700));
      assert.equal(await last(), before);
      await life().ok('unpause', 'held');
      assert.ok(await until(async () => (await last()) > before));
      await life().ok('rm', '-f', 'held');
    });

    it('does not count failures in its start period, and keeps what it prints from meaning anything', async () => {
      const check = `printf 'a"b\\\\\\033[31m\\377\\n'; head -c 9000 /dev/zero | tr '\\0' x; exit 3`;
      const period = ['--health-start-period', '1h', '--health-start-interval', '100ms', '--health-retries', '1'];
      await life().detached('while :; do sleep 1; done', '--network', 'none', '--name', 'young', '--health-cmd', check, ...period);
      assert.ok(await until(async () => (await healthOf(life(), 'young')).Log.length >= 3));
      const { Status, FailingStreak, Log } = await healthOf(life(), 'young');
      assert.deepEqual([Status, FailingStreak, Log[0]?.ExitCode], ['starting', 0, 3]);
      const output = Log[0]?.Output ?? '';
      assert.equal(output.slice(0, 11), 'a"b\\\u001b[31m\ufffd\nx'.slice(0, 11));
      assert.equal(output.length, 4096, 'so much of it is kept');
      await life().ok('rm', '-f', 'young');
    });
  });
}

const [first] = identities().filter(({ name }) => name === 'range');
if (first)
  describeLife(first, 'a health check', (life) => {
    it('does not fail because somebody attaches or leaves between two of them', async () => {
      const flags = ['--name', 'visited', '--health-cmd', 'true', '--health-retries', '1'];
      await life().detached('while :; do echo tick; sleep 0.1; done', ...OFTEN, ...flags);
      await becomes(life(), 'visited', 'healthy');
      const two = async () => {
        const last = async () => (await healthOf(life(), 'visited')).Log.at(-1)?.Start ?? '';
        for (let turn = 0; turn < 2; turn++) {
          const before = await last();
          assert.ok(await until(async () => (await last()) > before));
        }
      };
      for (let turn = 0; turn < 2; turn++) {
        const client = life().box.start(['attach', '--no-stdin', '--sig-proxy=false', 'visited']);
        await client.waitFor(/tick/);
        await two();
        process.kill(client.pid, 'SIGKILL');
        await client.finished;
        await two();
      }
      const words = (await life().ok('events', '--since', '1h', '--until', '0s', '--format', '{{.Action}}')).match(/health_status.*/g);
      assert.deepEqual(words, ['health_status: healthy']);
      await life().ok('rm', '-f', 'visited');
    });
  });

if (first)
  describeLife(first, 'an image’s HEALTHCHECK', (life) => {
    it('is asked in the image’s shell, also of a foreground run; --no-healthcheck leaves it out', async () => {
      const directory = temporaryDirectory(first);
      const config = {
        Env: ['PATH=/bin'],
        Cmd: ['sh', '-c', 'until [ -e /tmp/asked ]; do sleep 0.1; done; cat /tmp/asked'],
        Healthcheck: { Test: ['CMD-SHELL', 'echo "by $0" > /tmp/asked'], Interval: 100_000_000 },
        Shell: ['/bin/busybox', 'ash', '-c'],
      };
      writeLayout(directory, [{ tag: 'v1', layers: [{ tar: await busyboxTar() }], config }]);
      withinReach(directory);
      const image = `oci:${directory}:v1`;
      await life().box.tsrun(['pull', '-q', image]);
      const { code, stdout, stderr } = await life().box.tsrun(['run', '--rm', '--network', 'none', image]);
      assert.deepEqual([code, stdout, stderr], [0, 'by ash\n', '']);
      const without = await life().box.tsrun(['create', '--no-healthcheck', image]);
      assert.equal(
        (await life().ok('inspect', '-f', '{{json .State.Health}} {{json .Config.Healthcheck}}', without.stdout.trim())).trim(),
        'null null',
      );
    });
  });
