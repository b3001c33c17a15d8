/** What stands behind the image reaches the program as it was written. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { identities } from '../../harness/identity.js';
import { describeAs, type Place } from './place.js';

for (const who of identities()) {
  describeAs(who, 'arguments', (where) => {
    it('echo a b a prints a b a', async () => {
      const { stdout, stderr, code } = await where().run([where().image, 'echo', 'a', 'b', 'a']);
      assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: 'a b a\n', stderr: '' });
    });

    it('flags of tsrun behind the image are the command’s', async () => {
      const { stderr, code } = await where().run([where().image, 'ls', '--rm', '-la']);
      assert.equal(code, 1);
      assert.match(stderr, /^ls: unrecognized option '--rm'/, 'it is ls that does not know --rm');
    });

    it('arguments that are empty, hold spaces, newlines and other bytes, or start with - arrive untouched', async () => {
      const args = [
        '',
        'a b',
        ' ',
        'line\nline\n',
        '--',
        '-',
        '-it',
        '--rm',
        '--name=x',
        '$HOME',
        '*',
        `'"\\`,
        'ünï©ode',
        '\x01\x7f',
        '%s',
        '{id}',
        '',
      ];
      assert.deepEqual(await echoed(where(), args), args);
    });

    it('what is not UTF-8 is refused, never changed; the value of a copied variable arrives as it is', async () => {
      const { box, image } = where();
      const script = 'bytes=$(printf "caf\\351"); export bytes; program=$1; shift; exec "$program" run --rm "$@"';
      const run = (words: string) => box.command(['sh', '-c', script.replace('"$@"', words), 'sh', box.program, image]).finished;
      for (const words of ['"$1" echo "$bytes"', '-e "NAME=$bytes" "$1" true', '-e "$bytes" "$1" true', '-v "/$bytes:/x" "$1" true']) {
        const { code, stdout, stderr } = await run(words);
        assert.deepEqual([code, stdout], [125, ''], words);
        assert.match(stderr, /^tsrun: the argument "[^"]*\uFFFD.*" is not UTF-8: .*\n$/);
      }
      const copied = await run('-e bytes "$1" sh -c \'echo "$bytes"\'');
      assert.deepEqual([copied.code, copied.stdoutBytes], [0, Buffer.from('caf\xe9\n', 'latin1')], copied.stderr);
      assert.deepEqual(await echoed(where(), ['\uFFFD']), ['\uFFFD']);
    });

    it('a thousand arguments arrive', async () => {
      const args = Array.from({ length: 1000 }, (_, index) => `${index} ${'x'.repeat(index % 50)}`);
      assert.deepEqual(await echoed(where(), args), args);
    });

    it('more than the kernel takes is refused in words', async () => {
      const file = join(where().box.home, 'variables');
      writeFileSync(file, Array.from({ length: 40 }, (_, index) => `V${index}=${'x'.repeat(100_000)}\n`).join(''));
      const { code, stderr } = await where().run(['--env-file', file, where().image, 'true']);
      assert.equal(code, 126);
      assert.match(stderr, /^tsrun: the arguments and the environment are longer than the kernel allows/);
    });
  });
}

/** The arguments as the container's program gets them. */
async function echoed({ run, image }: Place, args: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await run([image, 'printf', '%s\\0', ...args]);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  return stdout.split('\0').slice(0, -1);
}
