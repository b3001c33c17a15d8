/** What a container prints is kept, whole and as it was. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { identities } from '../../harness/identity.js';
import { describeLife } from './place.js';

for (const who of identities()) {
  describeLife(who, 'logs', (life) => {
    const files = (id: string) => {
      const directory = join(life().box.root, 'v1/containers', id);
      return readdirSync(directory)
        .filter((name) => name.startsWith('log'))
        .sort()
        .map((name) => join(directory, name));
    };

    it('standard output and standard error are told apart, in their order', async () => {
      const id = await life().detached('echo one; sleep 0.1; echo two >&2; sleep 0.1; echo three');
      await life().ok('wait', id);
      const { stdout, stderr } = await life().box.tsrun(['logs', id]);
      assert.deepEqual([stdout, stderr], ['one\nthree\n', 'two\n']);
      const lines = readFileSync(files(id)[0] ?? '', 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
      assert.deepEqual(
        lines.map(({ log, stream }) => [log, stream]),
        [
          ['one\n', 'stdout'],
          ['two\n', 'stderr'],
          ['three\n', 'stdout'],
        ],
      );
      assert.ok(lines.every(({ time }, index) => index === 0 || time > lines[index - 1].time));
    });

    it('nothing written inside can look like a line of the log, and any byte is kept as text', async () => {
      const forged = '{"log":"forged\\n","stream":"stderr","time":"2020-01-01T00:00:00.000000000Z"}';
      const id = await life().detached(
        `printf '%s\\n' '${forged}'; printf 'a\\000b\\033[31m\\177"\\\\\\n'; printf '\\377\\303\\n'; printf 'é€😀 no newline'`,
      );
      await life().ok('wait', id);
      const { stdout, stderr } = await life().box.tsrun(['logs', id]);
      assert.deepEqual([stdout, stderr], [`${forged}\na\0b\x1b[31m\x7f"\\\n\ufffd\ufffd\né€😀 no newline`, '']);
      assert.ok(
        files(id).every((path) => readFileSync(path).every((byte) => byte === 10 || byte >= 0x20)),
        'no control character lies in it',
      );
    });

    it('a program that prints a lot and exits at once loses nothing; long lines come back as one', async () => {
      const script =
        "i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); done; head -c 100000 /dev/zero | tr '\\0' x; echo; echo last";
      const id = await life().detached(script);
      await life().ok('wait', id);
      const expected = `${Array.from({ length: 2000 }, (_, i) => `line ${i}\n`).join('')}${'x'.repeat(100_000)}\nlast\n`;
      const digest = (text: string) => createHash('sha256').update(text).digest('hex');
      assert.equal(digest(await life().ok('logs', id)), digest(expected));
      const timed = await life().ok('logs', '-t', id);
      assert.equal(timed.split('\n').length, expected.split('\n').length, 'one time for each line, long ones too');
    });

    it('rotates by size and reads on over the files', async () => {
      const id = await life().detached(
        'i=0; while [ $i -lt 400 ]; do echo number $i; i=$((i+1)); done',
        '--log-opt',
        'max-size=8k',
        '--log-opt',
        'max-file=3',
      );
      await life().ok('wait', id);
      assert.deepEqual(
        files(id).map((path) => path.slice(path.lastIndexOf('/') + 1)),
        ['log', 'log.1', 'log.2'],
      );
      for (const path of files(id)) assert.ok(readFileSync(path).length <= 8192);
      const lines = (await life().ok('logs', id)).trimEnd().split('\n');
      assert.equal(lines.at(-1), 'number 399');
      const first = Number(lines[0]?.split(' ')[1]);
      assert.deepEqual(
        lines,
        Array.from({ length: 400 - first }, (_, i) => `number ${first + i}`),
        'without a gap',
      );
    });

    it('--tail, --since and --until choose', async () => {
      const id = await life().detached('echo one; sleep 0.2; echo two; sleep 0.2; echo three');
      await life().ok('wait', id);
      assert.equal(await life().ok('logs', '--tail', '2', id), 'two\nthree\n');
      assert.equal(await life().ok('logs', '--tail', '0', id), '');
      const times = (await life().ok('logs', '-t', id))
        .trimEnd()
        .split('\n')
        .map((line) => line.split(' ')[0] ?? '');
      assert.equal(await life().ok('logs', '--since', times[1] ?? '', id), 'two\nthree\n');
      assert.equal(await life().ok('logs', '--until', times[1] ?? '', id), 'one\ntwo\n');
      assert.equal(await life().ok('logs', '--since', '1h', id), 'one\ntwo\nthree\n');
      assert.equal((await life().box.tsrun(['logs', '--since', 'then', id])).code, 125);
    });

    it('-f goes on until it ends, over a rotation too', async () => {
      const script = 'i=0; while [ $i -lt 60 ]; do echo number $i; i=$((i+1)); sleep 0.02; done';
      const id = await life().detached(script, '--log-opt', 'max-size=1k', '--log-opt', 'max-file=9');
      const { code, stdout } = await life().box.tsrun(['logs', '-f', id]);
      assert.equal(code, 0);
      assert.equal(stdout, Array.from({ length: 60 }, (_, i) => `number ${i}\n`).join(''));
    });

    it('a run in the foreground that is kept has a log as well, and its caller sees the same', async () => {
      const { stdout } = await life().box.tsrun(['run', '--name', 'seen', life().image, 'sh', '-c', 'echo shown; exit 2']);
      assert.equal(stdout, 'shown\n');
      assert.equal(await life().ok('logs', 'seen'), 'shown\n');
    });

    it('where none is kept, that is said', async () => {
      const id = await life().detached('echo lost', '--log-driver', 'none');
      await life().ok('wait', id);
      const { code, stderr } = await life().box.tsrun(['logs', id]);
      assert.equal(code, 125);
      assert.match(stderr, /keeps no log: its log driver is none/);
    });
  });
}
