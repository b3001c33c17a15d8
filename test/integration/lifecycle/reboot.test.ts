/** The machine is started anew: what was running then runs no more, whoever has its pid now; and all of it can be cleared away. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { identities } from '../../harness/identity.js';
import { mountNamespace } from '../../harness/mount-namespace.js';
import { temporaryDirectory } from '../../harness/temporary.js';
import { isRunning, until } from '../run/place.js';
import { describeLife } from './place.js';

/** Another boot id for whoever is inside: the one thing that a process can see of a machine's start. */
function afterReboot() {
  const file = join(temporaryDirectory(), 'boot_id');
  writeFileSync(file, '01234567-89ab-4cde-8f01-23456789abcd\n', { mode: 0o444 });
  return mountNamespace(
    'cp "$1" /dev/shm/boot-id.$$; mount --bind /dev/shm/boot-id.$$ /proc/sys/kernel/random/boot_id; rm /dev/shm/boot-id.$$',
    [file],
  );
}

/** /proc/PID/stat, field 22. */
function startOf(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

for (const who of identities()) {
  describeLife(who, 'after a reboot', (life) => {
    const skip = process.getuid?.() !== 0 && 'only root mounts';
    it('ps tells the truth, start starts it, and system prune clears everything away', { skip }, async () => {
      const { box } = life();
      const [kept, gone] = [
        await life().detached('while :; do sleep 1; done', '--name', 'kept'),
        await life().detached('exec sleep 1000', '--rm'),
      ];
      await life().ok('pause', 'kept');
      const ended = [kept, gone].map((id) => life().processesOf(id));
      // The power goes: nobody has the time to write anything.
      for (const { runner } of ended) process.kill(runner, 'SIGKILL');
      assert.ok(await until(() => ended.every(({ first }) => !isRunning(first))));

      // Somebody else, who has done nothing, has the pid of the container's first process now, and began at the same tick.
      const bystander = box.command(['sleep', '1000']);
      const status = join(box.root, 'v1/containers', kept, 'status.json');
      const { pid: _pid, startTime: _start, ...rest } = JSON.parse(readFileSync(status, 'utf8'));
      const reused = { ...rest, pid: String(bystander.pid), startTime: startOf(bystander.pid) };
      writeFileSync(status, JSON.stringify(reused));
      assert.match(
        await life().ok('ps', '-a', '--format', '{{.Names}} {{.State}}'),
        /^kept running|^kept paused/m,
        'without a reboot it would be believed',
      );

      // Where it was from before: the other way round, for a machine that hides a part of /proc starts nothing.
      writeFileSync(status, JSON.stringify({ ...reused, boot: 'another one' }));
      assert.equal((await life().ok('start', 'kept')).trim(), 'kept');
      assert.match(await life().ok('ps', '--format', '{{.Names}} {{.Status}}'), /^kept Up [^(]*$/m, 'it runs again, and is not paused');
      await life().ok('stop', '-t', '0', 'kept');
      writeFileSync(status, JSON.stringify(reused));

      await using machine = await afterReboot();
      const after = machine.inside(box);
      const ok = async (...words: string[]) => {
        const { code, stdout, stderr } = await after.tsrun(words);
        assert.deepEqual({ code, stderr }, { code: 0, stderr: '' }, words.join(' '));
        return stdout;
      };
      const told = await ok('ps', '-a', '--format', '{{.Names}} {{.State}}');
      assert.match(told, /^kept exited$/m);
      assert.doesNotMatch(told, /running|paused/);
      assert.equal(await ok('ps', '-q'), '');
      await ok('system', 'prune', '-f', '--volumes');
      assert.equal(await ok('ps', '-aq'), '');
      assert.ok(isRunning(bystander.pid), 'who has the pid now is let be');
      assert.deepEqual(readdirSync(box.runRoot), []);
      for (const place of ['containers', 'transient', 'names', 'trash'])
        assert.deepEqual(existsSync(join(box.root, 'v1', place)) ? readdirSync(join(box.root, 'v1', place)) : [], [], place);
      bystander.child.kill('SIGKILL');
      await bystander.finished;
    });
  });
}
