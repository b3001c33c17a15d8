/** Standard streams without a terminal: every byte, its end, and who may open what. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { identities } from '../../harness/identity.js';
import { temporaryDirectory } from '../../harness/temporary.js';
import { describeAs, type Place, probeProgram } from './place.js';

const SIZE = 256 << 20;
/** A file that everybody reads, made once. */
const random = (() => {
  let made: { file: string; bytes: Buffer; digest: string } | undefined;
  return () => {
    if (made === undefined) {
      const bytes = randomBytes(SIZE);
      made = { file: join(temporaryDirectory(), 'random'), bytes, digest: createHash('sha256').update(bytes).digest('hex') };
      writeFileSync(made.file, bytes);
      chmodSync(made.file, 0o644);
    }
    return made;
  };
})();

/** A shell of the identity, with tsrun as `$tsrun` and the image as `$image`: its pipes and files are the identity's own. */
function shell({ box, image }: Place, script: string) {
  return box.command(['bash', '-o', 'pipefail', '-c', script], { env: { tsrun: box.program, image } }).finished;
}

for (const who of identities()) {
  describeAs(who, 'streams', (where) => {
    it('256 MiB of random bytes come back with the same SHA-256, through the caller’s pipes', async () => {
      const { stdout, stderr } = await shell(where(), `cat ${random().file} | "$tsrun" run --rm -i "$image" cat | sha256sum`);
      assert.deepEqual({ digest: stdout.slice(0, 64), stderr }, { digest: random().digest, stderr: '' });
    });

    it('256 MiB of random bytes come back with the same SHA-256, through sockets, which are relayed', async () => {
      const { code, stdoutBytes } = await where().run(['-i', where().image, 'cat'], { input: random().bytes });
      assert.equal(code, 0);
      assert.equal(createHash('sha256').update(stdoutBytes).digest('hex'), random().digest);
    });

    it('without -i standard input is at its end at once', async () => {
      const { stdout } = await shell(
        where(),
        `yes | timeout 20 "$tsrun" run --rm "$image" sh -c 'cat; echo done'; echo 'x' | "$tsrun" run --rm "$image" cat`,
      );
      assert.equal(stdout, 'done\n');
    });

    it('the end of standard input closes that alone', async () => {
      assert.equal(
        (await where().run(['-i', where().image, 'sh', '-c', 'cat; sleep 0.2; echo after'], { input: 'before\n' })).stdout,
        'before\nafter\n',
      );
      const piped = await shell(where(), `echo before | "$tsrun" run --rm -i "$image" sh -c 'cat; sleep 0.2; echo after'`);
      assert.equal(piped.stdout, 'before\nafter\n');
    });

    for (const [name, command] of [
      ['a command that writes for ever', 'yes'],
      ['a shell that writes for ever, whose errors are ignored', 'while :; do echo y 2>/dev/null; done'],
      ['a child that writes for ever', 'yes & wait; while :; do echo y 2>/dev/null; done'],
    ] as const) {
      it(`a consumer that closes early ends ${name}`, async () => {
        const { code, stdout } = await shell(
          where(),
          `timeout 20 "$tsrun" run --rm "$image" sh -c '${command}' | head -n 1; echo "\${PIPESTATUS[0]}"`,
        );
        assert.equal(code, 0);
        assert.match(stdout, /^y\n(141|1)\n$/, 'by SIGPIPE, or as the command ended when its write failed');
        const running = where().start([where().image, 'sh', '-c', command]);
        await running.waitFor(/y/);
        running.child.stdout?.destroy();
        const end = await running.finished;
        assert.ok(end.code === 141 || end.code === 1, `a socket closed: ${end.code}`);
      });
    }

    it('one whose consumer has gone and that writes no more is let be, as it would be outside', async () => {
      const { program, command } = where().box;
      const words = [program, 'run', '--rm', where().image, 'sh', '-c', 'echo start; sleep 2; exit 7'];
      const script = '{ "$@"; echo $? >&2; } | head -1';
      const { stdout, stderr } = await command(['bash', '-c', script, 'bash', ...words]).finished;
      assert.deepEqual([stdout, stderr], ['start\n', '7\n']);
    });

    it('a command that ends without reading a large input has succeeded', async () => {
      assert.equal(
        (await shell(where(), `cat ${random().file} | "$tsrun" run --rm -i "$image" true; echo "\${PIPESTATUS[1]}"`)).stdout,
        '0\n',
      );
      const { code, stderr } = await where().run(['-i', where().image, 'head', '-c', '1'], { input: random().bytes });
      assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
    });

    it('all output arrives when the command ends at once, also from a child that it leaves, and to a slow reader', async () => {
      const script = 'seq 1 20000; seq 1 20000 >&2; exec seq 20001 40000';
      const expected = Array.from({ length: 40_000 }, (_, index) => `${index + 1}\n`).join('');
      const { stdout, stderr } = await where().run([where().image, 'sh', '-c', script]);
      assert.equal(stdout, expected);
      assert.equal(stderr.length, expected.indexOf('20001\n'));
      const slow = await shell(where(), `"$tsrun" run --rm "$image" seq 1 40000 | { sleep 0.5; cat; }`);
      assert.equal(slow.stdout, expected);
    });

    it('standard output and error in one pipe keep their order', async () => {
      const script = 'for i in 1 2 3 4 5 6 7 8 9; do echo out$i; echo err$i >&2; done';
      for (const flags of ['', who.name === 'single' ? '' : '-u ada']) {
        const { stdout } = await shell(where(), `"$tsrun" run --rm ${flags} "$image" sh -c '${script}' 2>&1 | cat`);
        assert.equal(stdout, [1, 2, 3, 4, 5, 6, 7, 8, 9].map((i) => `out${i}\nerr${i}\n`).join(''));
      }
    });

    it('/dev/stdin, /dev/stdout and /dev/stderr can be opened, whatever they are and whoever runs the command', async () => {
      const script = 'cat /dev/stdin > /dev/stdout; echo error > /dev/stderr';
      for (const user of who.name === 'single' ? ['root'] : ['root', 'ada']) {
        const sockets = await where().run(['-i', '-u', user, where().image, 'sh', '-c', script], { input: 'text\n' });
        assert.deepEqual([sockets.stdout, sockets.stderr], ['text\n', 'error\n'], `${user}: sockets`);
        const pipes = await shell(where(), `echo text | "$tsrun" run --rm -i -u ${user} "$image" sh -c '${script}' 2>&1 | cat`);
        assert.equal(pipes.stdout, 'text\nerror\n', `${user}: pipes`);
        const files = await shell(
          where(),
          `cd; echo text > in; "$tsrun" run --rm -i -u ${user} "$image" sh -c '${script}' < in > out 2> err; cat out err`,
        );
        assert.equal(files.stdout, 'text\nerror\n', `${user}: files`);
      }
    });

    it('fifos of the caller carry every byte, and the container cannot change them', async () => {
      const script = 'chmod 777 /dev/stdin /dev/stdout /proc/self/fd/0 /proc/self/fd/1; cat';
      const { stdout } = await shell(
        where(),
        `cd; rm -f in out; mkfifo -m 600 in out; echo text > in & cat out > got & "$tsrun" run --rm -i "$image" sh -c '${script}' < in > out
         wait; cat got; stat -c %a in out`,
      );
      assert.equal(stdout, 'text\n600\n600\n');
    });

    it('/dev/null stays /dev/null', async () => {
      const script = 'cat; [ /dev/stdin -ef /dev/null ] && [ /dev/stdout -ef /dev/null ] && echo same >&2';
      const { stdout } = await shell(where(), `"$tsrun" run --rm -i "$image" sh -c '${script}' < /dev/null 2>&1 > /dev/null | cat`);
      assert.equal(stdout, 'same\n');
    });

    it('any of the three may be closed', async () => {
      const script = 'cat; echo out; echo err >&2; exit 9';
      for (const closed of ['<&-', '>&-', '2>&-', '<&- >&-', '<&- 2>&-', '>&- 2>&-', '<&- >&- 2>&-']) {
        const line = `("$tsrun" run --rm -i "$image" sh -c '${script}' ${closed}) 2> ~/err; echo $?; cat ~/err`;
        const { stdout } = await shell(where(), `cd; echo in | ( ${line} )`);
        const expected = [closed.includes('<') ? '' : 'in\n', 'out\n'].join('');
        const errors = closed.includes('2>') ? '' : 'err\n';
        assert.equal(stdout, `${/(^| )>/.test(closed) ? '' : expected}9\n${errors}`, closed);
      }
    });

    it('no descriptor above 2 is there, whatever the caller has open', async () => {
      const probe = await probeProgram();
      const line = `exec 3</etc/passwd 7<&0 9>/dev/null 33</; "$tsrun" run --rm -v ${probe}:/probe "$image" /probe open 0 1 2 $(seq -s ' ' 3 80)`;
      const { stdout } = await shell(where(), line);
      const open = stdout.split('\n').filter((text) => text.endsWith(' open'));
      assert.deepEqual(open, ['0 open', '1 open', '2 open']);
    });
  });
}
