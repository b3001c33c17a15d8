/** `--landlock`: what gets past it, and what gets through without it. */
import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { it } from 'node:test';
import { inCheckout } from '../../harness/checkout.js';
import { identities } from '../../harness/identity.js';
import { describeAs } from '../../harness/place.js';
import { execute } from '../../harness/process.js';
import { withinReach } from '../../harness/reach.js';
import { until } from '../../harness/wait.js';

const { EACCES, EXDEV } = constants.errno;
const RULES = ['--landlock', 'write=/var', '--landlock', 'exec=/bin'];

const native: typeof import('../../../scripts/native.mjs') = await import(inCheckout('scripts/native.mjs'));
const attack = await program();
const version = Number((await execute([attack, 'version'])).stdout);
const skip = version < 3 && `this kernel's Landlock is version ${version}, and 3 is needed`;

async function program(): Promise<string> {
  const source = inCheckout('test/integration/walls/attack.c');
  const output = inCheckout('build/harness/attack');
  if (native.isStale(output, [source])) await native.compile({ sources: [source], output });
  return withinReach(output);
}

/** Name and errno of every attempt. */
function attempts(stdout: string): Map<string, number> {
  const lines = stdout.trim().split('\n');
  return new Map(lines.map((line) => line.split(' ')).map(([name = '', errno]) => [name, Number(errno)]));
}

function assertHeld(stdout: string, how: string): void {
  const seen = attempts(stdout);
  assert.equal(seen.size, 24, stdout);
  for (const [name, errno] of seen)
    if (name.startsWith('ok-')) assert.equal(errno, 0, `${how}: ${name}`);
    else assert.ok([EACCES, EXDEV].includes(errno), `${how}: ${name} ${errno}`);
}

for (const who of identities())
  describeAs(who, '--landlock', (where) => {
    const volume = ['-v', `${attack}:/bin/attack:ro`];

    it('without it every attempt succeeds', { skip }, async () => {
      const { stdout } = await where().run([...volume, where().image, 'attack']);
      const seen = attempts(stdout);
      assert.equal(seen.size, 24, stdout);
      for (const [name, errno] of seen) assert.equal(errno, 0, name);
    });

    it('nothing is written or executed elsewhere, whatever way it is tried; what is named works', { skip }, async () => {
      const { stdout, stderr } = await where().run([...volume, ...RULES, where().image, 'attack']);
      assert.equal(stderr, '');
      assertHeld(stdout, 'run');
    });

    it('holds for exec, privileged exec, health checks and after a restart; no_new_privs is on', { skip }, async () => {
      const { box, image } = where();
      const check = ['--health-cmd', 'echo > /etc/well', '--health-interval', '50ms', '--health-retries', '1'];
      const flags = ['--network', 'none', '--name', 'walled', ...volume, ...RULES, ...check];
      const { code, stderr } = await box.tsrun(['run', '-d', '--init', ...flags, image, 'sleep', '1000']);
      assert.equal(code, 0, stderr);
      assertHeld((await box.tsrun(['exec', 'walled', 'attack'])).stdout, 'exec');
      const clean = 'rm -r /var/*';
      assert.equal((await box.tsrun(['exec', 'walled', 'sh', '-c', clean])).code, 0);
      assertHeld((await box.tsrun(['exec', '--privileged', 'walled', 'attack'])).stdout, 'exec --privileged');
      assert.match((await box.tsrun(['exec', '--privileged', 'walled', 'cat', '/proc/self/status'])).stdout, /^NoNewPrivs:\t1$/m);
      assert.equal((await box.tsrun(['restart', '-t', '0', 'walled'])).code, 0);
      assert.equal((await box.tsrun(['exec', 'walled', 'sh', '-c', clean])).code, 0);
      assertHeld((await box.tsrun(['exec', 'walled', 'attack'])).stdout, 'after a restart');
      const health = async () => (await box.tsrun(['inspect', '-f', '{{.State.Health.Status}}', 'walled'])).stdout;
      assert.ok(await until(async () => (await health()) === 'unhealthy\n'), 'the health check has tried');
      assert.equal((await box.tsrun(['exec', 'walled', 'test', '-e', '/etc/well'])).code, 1, 'the health check wrote nothing');
      assert.equal((await box.tsrun(['rm', '-f', 'walled'])).code, 0);
    });

    it('a path that is a link, or missing, and a command that lies elsewhere are refused', { skip }, async () => {
      const { image } = where();
      const run = (rule: string, ...command: string[]) => where().run(['--landlock', rule, image, ...command]);
      const cases: [rule: string, code: number, words: RegExp][] = [
        ['write=/usr/bin', 125, /"\/usr\/bin" of the container is a link/],
        ['exec=/usr/bin/sh', 125, /"\/usr\/bin\/sh" of the container is a link, or leads through one/],
        ['write=/nowhere', 125, /"\/nowhere" of the container is not there/],
        ['read=/tmp', 125, /neither write=PATH nor exec=PATH/],
        ['exec=/etc', 126, /--landlock exec=/],
      ];
      for (const [rule, expected, words] of cases) {
        const { code, stderr } = await run(rule, 'true');
        assert.equal(code, expected, `${rule}: ${stderr}`);
        assert.match(stderr, words);
      }
      assert.equal((await run('write=', 'sh', '-c', ': > /dev/null && ! touch /tmp/x')).code, 0);
    });
  });
