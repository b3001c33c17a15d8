/** ps and inspect as docker users type them, on containers that ran. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { it } from 'node:test';
import { identities } from '../../harness/identity.js';
import { describeAs, type Place, until } from './place.js';

async function lines({ box }: Place, words: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await box.tsrun(words);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' }, words.join(' '));
  return stdout.split('\n').slice(0, -1);
}

for (const who of identities()) {
  describeAs(who, 'what is told of containers', (where) => {
    it('ps and inspect print what a template or a filter asks for', async () => {
      const place = where();
      const { box, image } = place;
      const write =
        'mkdir /closed; head -c 5000 /dev/zero > /closed/file; ln /closed/file /closed/again; chown 1 /closed/file 2>/dev/null; chmod 0 /closed; exit 3';
      assert.equal((await box.tsrun(['run', '--network', 'none', '--name', 'first', image, 'sh', '-c', write])).code, 3);
      assert.equal(
        (await box.tsrun(['run', '--network', 'none', '--name', 'second', '-v', `${box.home}:/mine:ro`, image, 'true'])).code,
        0,
      );
      const running = box.start(['run', '--rm', '--network', 'none', '--name', 'third', image, 'sh', '-c', 'echo ready; exec sleep 60']);
      await running.waitFor(/ready/);
      assert.ok(await until(async () => (await lines(place, ['ps', '-q'])).length === 1));

      const named = (...words: string[]) => lines(place, ['ps', '--format', '{{.Names}}', ...words]);
      assert.deepEqual(await named(), ['third']);
      assert.deepEqual(await named('-a'), ['third', 'second', 'first']);
      assert.deepEqual(await named('-n', '2'), ['third', 'second']);
      assert.deepEqual(await named('-l'), ['third']);
      assert.deepEqual(await named('-f', 'exited=3'), ['first']);
      assert.deepEqual(await named('-f', 'status=exited', '-f', 'name=^s'), ['second']);
      assert.deepEqual(await named('-a', '-f', 'since=first', '-f', 'before=third'), ['second']);
      assert.deepEqual(await named('-a', '-f', `ancestor=${image}`), ['third', 'second', 'first']);
      assert.deepEqual(await named('-a', '-f', 'volume=/mine'), ['second']);
      assert.deepEqual(await named('-f', 'network=none'), ['third']);

      const [objects] = await lines(place, ['ps', '--format', 'json']);
      const third = JSON.parse(objects ?? '');
      assert.deepEqual([third.State, third.Command, third.Networks], ['running', '"sh -c \'echo ready; …"', 'none']);
      assert.match(third.Status, /^Up (Less than a second|\d+ seconds?)$/);
      assert.match((await lines(place, ['ps', '-a']))[2] ?? '', /"true" .* Exited \(0\) .* second(s)? ago +second$/);

      const sizes = await lines(place, ['ps', '-a', '--format', '{{.Names}} {{.Size}}', '-f', 'name=first']);
      assert.match(sizes[0] ?? '', /^first 5kB \(virtual [\d.]+MB\)$/);
      const words = '{{.State.Status}} {{.State.ExitCode}} {{len .Mounts}} {{.SizeRw}} {{.Config.Image}} {{.OCIConfigPath}}';
      const [first, second] = await lines(place, ['inspect', '-f', words, 'first', 'second']);
      const [state, code, mounts, written, from, config] = first?.split(' ') ?? [];
      assert.deepEqual([state, code, mounts, written, from], ['exited', '3', '0', '5000', image]);
      assert.ok(existsSync(config ?? ''));
      assert.match(second ?? '', /^exited 0 1 0 /);
      assert.deepEqual(await lines(place, ['inspect', '-f', '{{range .Mounts}}{{.Source}}>{{.Destination}} {{.RW}}{{end}}', 'second']), [
        `${box.home}>/mine false`,
      ]);
      assert.deepEqual(await lines(place, ['inspect', '-f', '{{.State.Running}} {{.Name}} {{eq .State.Pid 0}}', 'third']), [
        'true /third false',
      ]);

      assert.equal((await box.tsrun(['rm', '-f', 'first', 'second', 'third'])).code, 0);
      await running.finished;
    });
  });
}
