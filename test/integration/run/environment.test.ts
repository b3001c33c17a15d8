/** The variables, the directory and the host name that a command starts with. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { identities } from '../../harness/identity.js';
import { busyboxTar } from '../../harness/images.js';
import { writeLayout } from '../../harness/layout.js';
import { temporaryDirectory } from '../../harness/temporary.js';
import { describeAs } from './place.js';

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** An image that says something of its own to everything. */
async function outspokenImage(): Promise<string> {
  const directory = temporaryDirectory();
  const config = {
    Env: [`PATH=/opt/bin:${PATH}`, 'A=image', 'B=image', 'C=image', 'D=image'],
    Entrypoint: ['printf', '<%s>'],
    Cmd: ['from', 'cmd'],
    WorkingDir: '/home/made/by/image',
    User: 'ada',
  };
  const tar = await busyboxTar();
  const rooted = { ...config, User: '' };
  writeLayout(directory, [
    { tag: 'ada', layers: [{ tar }], config },
    { tag: 'latest', layers: [{ tar }], config: rooted },
  ]);
  return `oci:${directory}`;
}
const images = outspokenImage();

for (const who of identities()) {
  describeAs(who, 'environment', (where) => {
    const outspoken = async (flags: string[], command: string[], env: Record<string, string> = {}) => {
      const { code, stdout, stderr } = await where().run(['-q', ...flags, `${await images}:latest`, ...command], { env });
      assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
      return stdout;
    };
    const variables = (text: string): Record<string, string> =>
      Object.fromEntries(
        text
          .trimEnd()
          .split('\n')
          .map((line) => line.split(/=(.*)/s).slice(0, 2)),
      );

    it('has PATH, HOME, HOSTNAME and container, and nothing of the caller’s', async () => {
      const { stdout } = await where().run([where().image, 'env'], { env: { SECRET: 'caller' } });
      const { HOSTNAME = '', ...rest } = variables(stdout);
      assert.match(HOSTNAME, /^[0-9a-f]{12}$/);
      assert.deepEqual(rest, { PATH, HOME: '/root', container: 'tsrun' });
    });

    it('the image’s variables give way to --env-file, and that to -e, in order; NAME copies; an unset NAME takes the image’s away', async () => {
      const [first, second] = ['first', 'second'].map((name) => join(where().box.home, name)) as [string, string];
      writeFileSync(first, '# comment\nB=first\nC=first\n  E=first\nCOPIED\nUNSET\nQ="quoted" # not a comment\n');
      writeFileSync(second, 'C=second\r\nF=second\n');
      const flags = ['--entrypoint', 'env', '--env-file', first, '--env-file', second];
      const options = ['F=option', 'G=one', 'G=two', 'EMPTY=', 'COPY', 'D'].flatMap((option) => ['-e', option]);
      const found = variables(await outspoken([...flags, ...options], [], { COPIED: 'caller', COPY: 'caller {id}' }));
      const { A, B, C, D, E, F, G, EMPTY, COPIED, COPY, UNSET, Q } = found;
      assert.deepEqual(
        { A, B, C, D, E, F, G, EMPTY, COPIED, COPY, UNSET, Q },
        {
          A: 'image',
          B: 'first',
          C: 'second',
          D: undefined,
          E: 'first',
          F: 'option',
          G: 'two',
          EMPTY: '',
          COPIED: 'caller',
          COPY: 'caller {id}',
          UNSET: undefined,
          Q: '"quoted" # not a comment',
        },
      );
    });

    it('-e copies NODE_EXTRA_CA_CERTS too, which the compiler is not shown; and it is not set unasked', async () => {
      const env = { NODE_EXTRA_CA_CERTS: '/no/such/file.pem' };
      assert.equal(await where().sh('echo $NODE_EXTRA_CA_CERTS', ['-e', 'NODE_EXTRA_CA_CERTS'], { env }), '/no/such/file.pem\n');
      assert.equal(await where().sh('echo $NODE_EXTRA_CA_CERTS', [], { env }), '\n');
    });

    it('--env-file takes a descriptor that a shell has opened for it, also the third', async () => {
      const { program, command } = where().box;
      const words = [program, 'run', '--rm', '--env-file', '/dev/fd/3', '--env-file', '/dev/fd/9', where().image];
      const script = '"$@" env 3< <(echo THIRD=3) 9< <(echo NINTH=9)';
      const { code, stdout, stderr } = await command(['bash', '-c', script, 'bash', ...words]).finished;
      assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
      const { THIRD, NINTH } = variables(stdout);
      assert.deepEqual({ THIRD, NINTH }, { THIRD: '3', NINTH: '9' });
      const descriptors = await command(['bash', '-c', '"$@" ls /proc/self/fd 9< /etc/passwd', 'bash', ...words.slice(0, 3), where().image])
        .finished;
      assert.equal(descriptors.stdout, '0\n1\n2\n3\n', 'the container has none of them; 3 is the directory that ls reads');
    });

    it('a value with a newline arrives whole', async () => {
      assert.equal(await where().sh('printf %s "$TEXT"', ['-e', 'TEXT=a=b c\nd']), 'a=b c\nd');
    });

    it('-w starts there; a directory that is missing is made, and belongs to root', async () => {
      assert.equal(await where().sh('pwd', ['-w', '/tmp']), '/tmp\n');
      assert.equal(await where().sh('pwd; stat -c "%u %g %a" . ..', ['-w', '/a/new//place/']), '/a/new/place\n0 0 755\n0 0 755\n');
      assert.equal(await where().sh('pwd; touch /x 2>/dev/null || echo read-only', ['--read-only', '-w', '/a/new']), '/a/new\nread-only\n');
    });

    it('-w that cannot be is refused', async () => {
      for (const [directory, reason] of [
        ['relative', /not an absolute path/],
        ['/etc/passwd', /not a directory/],
        ['/proc/self/fd/9', /working directory/],
      ] as const) {
        const { code, stderr } = await where().run(['-w', directory, where().image, 'true']);
        assert.equal(code, 125);
        assert.match(stderr, reason);
      }
    });

    const hasOtherUsers = who.name !== 'single';
    if (hasOtherUsers)
      it('-w is entered as root where the user may not, which gives him nothing more', async () => {
        const script = 'pwd; ls . 2>&1; [ -r . ]; echo $?; id -u';
        const closed = 'ls: .: Permission denied\n1\n';
        assert.equal(await where().sh(script, ['-u', 'ada', '-w', '/root']), `/root\n${closed}1000\n`);
        assert.equal(await where().sh(script, ['-u', 'ada', '-w', '/root', '--init']), `/root\n${closed}1000\n`);
      });

    it('the image’s WorkingDir is made too', async () => {
      assert.equal(await outspoken(['--entrypoint', 'pwd'], []), '/home/made/by/image\n');
    });

    it('the image’s ENTRYPOINT gets CMD, or the arguments; --entrypoint drops both', async () => {
      assert.equal(await outspoken([], []), '<from><cmd>');
      assert.equal(await outspoken([], ['one', '', 'two']), '<one><><two>');
      assert.equal(await outspoken(['--entrypoint', '/bin/echo'], []), '\n');
      assert.equal(await outspoken(['--entrypoint', '/bin/echo'], ['x']), 'x\n');
      assert.equal(await outspoken(['--entrypoint', ''], ['echo', 'y']), 'y\n');
      const { code, stderr } = await where().run(['-q', '--entrypoint', '', `${await images}:latest`]);
      assert.equal(code, 125);
      assert.match(stderr, /no command specified/);
      const spaces = await where().run(['-q', '--entrypoint', '/bin/echo one', `${await images}:latest`]);
      assert.equal(spaces.code, 127, 'one path, not words');
    });

    it('--hostname is what uname, /etc/hostname and $HOSTNAME say, and it resolves', async () => {
      const script =
        'hostname; cat /etc/hostname; echo $HOSTNAME; getent hosts small.example 2>/dev/null || grep -c small.example /etc/hosts';
      assert.match(await where().sh(script, ['--hostname', 'small.example']), /^(small\.example\n){3}(1|.*small\.example)\n$/);
      const { code } = await where().run(['--hostname', '-x', where().image, 'true']);
      assert.equal(code, 125);
    });

    it('--read-only: the root cannot be written, /dev/shm can', async () => {
      const script =
        'for place in / /tmp /etc/hosts /dev/shm; do touch $place/x 2>/dev/null && echo $place; done; echo y >> /etc/hosts; true';
      const { stdout, stderr } = await where().run(['--read-only', where().image, 'sh', '-c', script]);
      assert.equal(stdout, '/dev/shm\n');
      assert.match(stderr, /hosts: Read-only file system/);
    });

    if (who.name === 'single') return; // its containers have no other user
    it('the image’s USER is taken', async () => {
      const { stdout } = await where().run(['-q', '--entrypoint', 'id', `${await images}:ada`]);
      assert.equal(stdout, 'uid=1000(ada) gid=1000(ada) groups=10(wheel),1000(ada)\n');
    });
  });
}
