/** One container with as many options as it can have at once, and what it sees of them; again after a start, and from exec. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { identities } from '../../harness/identity.js';
import { describeAs } from '../../harness/place.js';

const SEEN = `umask; date +%Z; df -k /dev/shm | awk 'END{print $2}'
cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax /proc/sys/fs/mqueue/msg_max /proc/sys/kernel/domainname
ulimit -n; ulimit -Hn; id -G; od -An -N2 -tx1 < /dev/made; echo $FROM_IMAGE-$GREETING; hostname`;

for (const who of identities()) {
  describeAs(who, 'options', (where) => {
    const groups = who.name === 'single' ? [] : ['--group-add', 'wheel', '--group-add', '77'];
    const OPTIONS = [
      ...[
        '-l',
        'a=b',
        '-l',
        'empty',
        '--annotation',
        'x=y',
        '--umask',
        '027',
        '--tz',
        'Europe/Berlin',
        '--shm-size',
        '10m',
        '--net',
        'none',
      ],
      ...['--sysctl', 'net.ipv4.ip_forward=1', '--sysctl', 'kernel.msgmax=9000', '--sysctl', 'fs.mqueue.msg_max=7'],
      ...['--sysctl', 'kernel.domainname=example.org', '--ulimit', 'nofile=15:25', '--device', '/dev/zero:/dev/made', '--hostname', 'h'],
      ...['--timeout', '600', '--env-host', '--unsetenv', 'FROM_IMAGE', ...groups],
    ];
    const expected = [
      '0027',
      'CES?T',
      '10240',
      '1',
      '9000',
      '7',
      'example.org',
      '15',
      '25',
      who.name === 'single' ? '0' : '0 10 77',
      ' ?00 00',
      '-hello',
      'h',
    ];
    const SAW = new RegExp(`^${expected.join('\\n')}\\n$`);

    it('are what the container sees, in run, at a later start, and from exec', async () => {
      const { box, image } = where();
      const pidfile = join(box.home, 'pid');
      const env = { GREETING: 'hello', HTTP_PROXY: 'http://me:secret@proxy:3128' };
      const made = await box.tsrun(['create', '--name', 'seen', ...OPTIONS, '--pidfile', pidfile, image, 'sh', '-c', SEEN], { env });
      assert.equal(made.code, 0, made.stderr);
      assert.match(made.stderr, /^note: HTTP_PROXY has a user and password within/m);
      const { code, stdout, stderr } = await box.tsrun(['start', '-a', 'seen']);
      assert.equal(code, 0, stderr);
      assert.match(stdout, SAW);
      assert.match(readFileSync(pidfile, 'utf8'), /^\d+$/);
      const { stdout: inspected } = await box.tsrun([
        'inspect',
        '-f',
        '{{json .Config.Labels}} {{json .HostConfig.Annotations}} {{.HostConfig.ShmSize}}',
        'seen',
      ]);
      assert.equal(inspected, '{"a":"b","empty":""} {"x":"y"} 10485760\n');
      assert.equal((await box.tsrun(['ps', '-a', '--filter', 'label=empty', '--format', '{{.Names}}'])).stdout, 'seen\n');
      assert.equal((await box.tsrun(['ps', '-aq', '--filter', 'label=x'])).stdout, '');

      const kept = await box.tsrun(['run', '-d', '--replace', '--name', 'seen', ...OPTIONS, image, 'sleep', '600'], { env });
      assert.equal(kept.code, 0, kept.stderr);
      const within = await box.tsrun(['exec', '-e', 'GREETING=hello', 'seen', 'sh', '-c', SEEN]);
      assert.match(within.stdout, SAW, within.stderr);
      if (who.name !== 'single') assert.equal((await box.tsrun(['exec', '-u', 'ada:wheel', 'seen', 'id', '-G'])).stdout, '10 77\n');
      assert.equal((await box.tsrun(['rm', '-f', 'seen'])).code, 0);
      assert.equal(existsSync(pidfile), true);
    });

    it('--timeout kills it with 124 and says so; the supervisor of a detached one does as well', async () => {
      const { box, image } = where();
      const { code, stderr } = await where().run(['--net', 'none', '--timeout', '1', image, 'sleep', '600']);
      assert.deepEqual([code, stderr], [124, 'tsrun: the container was killed: it ran for longer than 1 s (--timeout)\n']);
      await box.tsrun(['run', '-d', '--net', 'none', '--timeout', '1', '--name', 'late', image, 'sleep', '600']);
      assert.equal((await box.tsrun(['wait', 'late'])).stdout, '124\n');
      const shown = await box.tsrun(['inspect', '-f', '{{.State.ExitCode}} {{.State.Error}}', 'late']);
      assert.equal(shown.stdout, '124 the container was killed: it ran for longer than 1 s (--timeout)\n');
      await box.tsrun(['rm', 'late']);
    });

    it('--preserve-fds passes on 3 and 4 and nothing else, also to exec and behind --init', async () => {
      const { box, image } = where();
      const line = (words: string) => ['sh', '-c', `exec "$0" ${words} 3< /etc/hostname 4>&1 6< /etc/passwd`, box.program];
      const script = `'read -r x <&3; echo "$x" >&4; ls /proc/$$/fd > /tmp/fds; echo $(cat /tmp/fds)'`;
      // 10 is where busybox keeps its own standard output meanwhile.
      const seen = new RegExp(`^${readFileSync('/etc/hostname', 'utf8').trim()}\\n0 1 (10 )?2 3 4\\n$`);
      for (const init of ['', '--init']) {
        const { stdout, stderr } = await box.command(line(`run --rm --net none ${init} --preserve-fds 2 ${image} sh -c ${script}`))
          .finished;
        assert.match(stdout, seen, stderr);
      }
      const missing = await box.command(line(`run --rm --net none --preserve-fds 3 ${image} true`)).finished;
      assert.deepEqual([missing.code, /has no descriptor 5 open/.test(missing.stderr)], [125, true], missing.stderr);
      await box.tsrun(['run', '-d', '--net', 'none', '--name', 'kept', image, 'sleep', '600']);
      const { stdout, stderr } = await box.command(line(`exec --preserve-fds 2 kept sh -c ${script}`)).finished;
      assert.match(stdout, seen, stderr);
      await box.tsrun(['rm', '-f', 'kept']);
    });

    it('-a shows one stream alone and the log has both', async () => {
      const { box, image } = where();
      const { stdout, stderr } = await box.tsrun([
        'run',
        '--net',
        'none',
        '--name',
        'half',
        '-a',
        'stderr',
        image,
        'sh',
        '-c',
        'echo out; echo err >&2',
      ]);
      assert.deepEqual([stdout, stderr], ['', 'err\n']);
      const logs = await box.tsrun(['logs', 'half']);
      assert.deepEqual([logs.stdout, logs.stderr], ['out\n', 'err\n']);
      await box.tsrun(['rm', 'half']);
    });

    it('--sig-proxy=false: a TERM ends tsrun and the container; stop reaches the container all the same', async () => {
      const { box, image } = where();
      const words = [
        'run',
        '--net',
        'none',
        '--sig-proxy=false',
        image,
        'sh',
        '-c',
        'trap "echo trapped; exit 3" TERM; echo up; while :; do sleep 1; done',
      ];
      const killed = box.start([...words.slice(0, 1), '--rm', ...words.slice(1)]);
      await killed.waitFor(/up/);
      killed.child.kill('SIGTERM');
      assert.deepEqual([(await killed.finished).code, killed.stdout()], [143, 'up\n']);
      const stopped = box.start([...words.slice(0, 1), '--rm', '--name', 'asked', ...words.slice(1)]);
      await stopped.waitFor(/up/);
      assert.equal((await box.tsrun(['stop', 'asked'])).code, 0);
      assert.deepEqual([(await stopped.finished).code, stopped.stdout()], [3, 'up\ntrapped\n']);
    });
  });
}
