/** What happens is told: by the helper and by Node's verbs, from the first to the last moment of a container. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { identities } from '../../harness/identity.js';
import { describeLife } from '../lifecycle/place.js';
import { isRunning, until } from '../run/place.js';

for (const who of identities()) {
  describeLife(who, 'events', (life) => {
    const told = async (...filters: string[]) =>
      (await life().ok('events', '--since', '1h', '--until', '0s', ...filters.flatMap((each) => ['--filter', each]), '--format', SHORT))
        .split('\n')
        .filter(Boolean);
    const SHORT =
      '{{.Action}} {{with index .Actor.Attributes "exitCode"}}{{.}}{{end}}{{with index .Actor.Attributes "signal"}}/{{.}}{{end}}';

    it('a run in the foreground that leaves nothing has all of its life told', async () => {
      await life().box.tsrun(['run', '--rm', '--name', 'brief', life().image, 'sh', '-c', 'exit 3']);
      assert.deepEqual(await told('container=brief'), ['create ', 'start ', 'die 3', 'destroy ']);
    });

    it('one whose supervisor was killed is told to be gone when it is swept up', async () => {
      await life().ok('run', '-d', '--rm', '--network', 'none', '--name', 'swept', life().image, 'sleep', '1000');
      const id = (await life().ok('ps', '-q', '--no-trunc', '--filter', 'name=swept')).trim();
      const { runner, first } = life().processesOf(id);
      process.kill(runner, 'SIGKILL');
      assert.ok(await until(() => !isRunning(first)));
      for (let count = 0; count < 2; count++) await life().box.tsrun(['run', '--rm', '--network', 'none', life().image, 'true']);
      assert.deepEqual(await told('container=swept'), ['create ', 'start ', 'destroy '], 'its end was seen by nobody');
    });

    it('one that cannot begin was never there', async () => {
      await life().box.tsrun(['run', '--name', 'never', life().image, 'no-such-command']);
      assert.deepEqual(await told('container=never'), []);
    });

    it('verbs on a container are told with its end, and who follows hears of each as it comes', async () => {
      const following = life().box.start(['events', '--filter', 'container=long', '--format', 'json']);
      // It listens once it tells of anything.
      for (let n = 0; following.stdout() === ''; n++) await life().box.tsrun(['run', '--rm', '--name', `long-${n}`, life().image, 'true']);
      await life().detached('trap "" TERM; sleep 1000', '--name', 'longer');
      await life().ok('exec', 'longer', 'true');
      for (const verb of ['pause', 'unpause']) await life().ok(verb, 'longer');
      await life().ok('rename', 'longer', 'longest');
      await life().ok('kill', 'longest');
      await life().ok('rm', 'longest');
      await following.waitFor(/"Action":"destroy","Actor":\{"ID":"[^"]*","Attributes":\{[^}]*"name":"longest"/);
      process.kill(following.pid, 'SIGINT');
      assert.equal((await following.finished).code, 130);
      assert.deepEqual(
        following
          .stdout()
          .split('\n')
          .filter((line) => /"name":"longe/.test(line))
          .map((line) => JSON.parse(line))
          .map(({ Action, Actor }) => [Action, Actor.Attributes.signal ?? Actor.Attributes.oldName ?? ''])
          .filter(([action]) => !/^kill$|^die$/.test(action)),
        [
          ['create', ''],
          ['start', ''],
          ['exec_create: true', ''],
          ['exec_start: true', ''],
          ['exec_die', ''],
          ['pause', ''],
          ['unpause', ''],
          ['rename', 'longer'],
          ['destroy', ''],
        ],
      );
      assert.deepEqual((await told('container=longe')).filter((line) => /^(kill|die)/.test(line)).sort(), ['die 137/9', 'kill /9']);
    });

    it('one that is begun again by itself was made once', async () => {
      const id = await life().detached('exit 4', '--restart', 'on-failure:2');
      await life().box.tsrun(['wait', id]);
      assert.deepEqual(await told(`container=${id}`), ['create ', 'start ', 'die 4', 'start ', 'die 4', 'start ', 'die 4']);
    });

    it('volumes have theirs', async () => {
      await life().ok('volume', 'create', 'kept');
      await life().ok('volume', 'rm', 'kept');
      assert.deepEqual(await told('volume=kept'), ['create ', 'destroy ']);
    });

    it('so have those without a name: before their container’s, if it ever began, and not while another one has them', async () => {
      const { box, image, ok } = life();
      const lines = async () =>
        (await ok('events', '--since', '1h', '--until', '0s', '--format', '{{.Type}} {{.Action}} {{.Actor.ID}}'))
          .split('\n')
          .filter((line) => /^\w+ (create|destroy) /.test(line));
      let seen = 0;
      const past = async () => {
        seen = (await lines()).length;
      };
      // Since past(), with numbers for ids.
      const all = async () => {
        const words = (await lines()).slice(seen);
        const names = [...new Set(words.map((line) => line.split(' ')[2]))];
        return words.map((line) => line.replace(/\w+$/, (name) => `${names.indexOf(name)}`));
      };
      const run = async (...words: string[]) => (await box.tsrun(['run', '--network', 'none', ...words])).code;
      const two = ['-v', '/one', '-v', '/two'];
      await past();
      assert.equal(await run('--rm', ...two, image, 'true'), 0);
      const whole = ['volume create 0', 'volume create 1', 'container create 2'];
      assert.deepEqual(await all(), [...whole, 'volume destroy 0', 'volume destroy 1', 'container destroy 2']);

      await past();
      for (const flags of [['--rm'], []]) assert.equal(await run(...flags, ...two, image, 'no-such-command'), 127);
      assert.deepEqual(await all(), []);

      await past();
      await ok('create', '--name', 'having', ...two, image, 'true');
      assert.deepEqual(await all(), whole);
      await ok('rm', '-v', 'having');
      assert.deepEqual((await all()).slice(3).sort(), ['container destroy 2', 'volume destroy 0', 'volume destroy 1']);

      await ok('run', '-d', '--rm', '--network', 'none', '--name', 'first', '-v', '/one', image, 'sleep', '1000');
      await ok('run', '-d', '--rm', '--network', 'none', '--name', 'second', '--volumes-from', 'first', image, 'sleep', '1000');
      await past();
      await ok('rm', '-f', 'first');
      assert.deepEqual(await all(), ['container destroy 0']);
      await ok('rm', '-f', 'second');
      assert.deepEqual((await all()).sort(), ['container destroy 0', 'container destroy 2', 'volume destroy 1']);
    });
  });
}
