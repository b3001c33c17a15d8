/** tsrun inside of tsrun: --nested. */
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { it } from 'node:test';
import { identities } from '../../harness/identity.js';
import { describeAs, type Place } from '../../harness/place.js';
import { installation } from '../../harness/reach.js';

/** Says where it is, and goes one deeper. */
const DEEPER = `
export PATH=$NODE_DIR:/usr/bin:/bin TSRUN_ROOT=/tmp/root TSRUN_RUN_ROOT=/tmp/run
mkdir -p /tmp/root
echo "level $1 uid=$(id -u) $(cat /proc/1/comm) pid=$$ $(wc -l < /proc/self/uid_map) $(touch /volume/$1 && echo wrote)"
[ $1 = 0 ] || exec $TSRUN run --rm -q $FLAGS $MOUNTS -e NODE_DIR -e TSRUN -e FLAGS -e MOUNTS -e IMAGE $IMAGE sh /volume/deeper.sh $(($1-1))
`;

for (const who of identities())
  describeAs(who, '--nested', (where) => {
    it('tsrun runs in tsrun, three deep, with the volumes of the outermost', async () => {
      const { code, stdout, stderr } = await deep(where(), 3, '--nested');
      assert.equal(code, 0, stderr);
      const ids = who.name === 'range' ? 2 : 1;
      const levels = stdout.trimEnd().split('\n');
      assert.deepEqual(
        levels.map((line) => line.replace(/\d wrote$/, 'N wrote')),
        [3, 2, 1, 0].map((level) => `level ${level} uid=0 sh pid=1 N wrote`),
      );
      assert.match(levels[0] ?? '', new RegExp(`pid=1 ${ids} wrote`));
    });

    if (who.name === 'single')
      it('without it, where tsrun may mount all the same, the inner container has the /proc of the outer one', async () => {
        const { code, stdout, stderr } = await deep(where(), 1, '--cap-add=SYS_ADMIN --security-opt=seccomp=unconfined');
        assert.equal(code, 0, stderr);
        assert.match(stdout, /^level 1 uid=0 sh pid=1 .*\nlevel 0 uid=0 tsrun-helper pid=1 /);
      });

    it('without it the error names it', async () => {
      const { code, stderr } = await deep(where(), 1, '');
      assert.equal(code, 125);
      assert.match(stderr, /start the outer container with --nested/);
    });

    it('it and --disable-userns exclude each other', async () => {
      const { code, stderr } = await where().run(['--nested', '--disable-userns', where().image, 'true']);
      assert.equal(code, 125);
      assert.match(stderr, /exclude each other/);
    });
  });

function deep({ box, image, run }: Place, levels: number, nested: string) {
  writeFileSync(join(box.home, 'deeper.sh'), DEEPER, { mode: 0o644 });
  const directory = image.replace(/^oci:/, '').replace(/:[^/]*$/, '');
  const node = dirname(process.execPath);
  const shown = ['/usr', '/lib', '/lib64', installation(), directory, node].filter((path) => existsSync(path));
  const mounts = [...new Set(shown)].flatMap((path) => ['-v', `${path}:${path}:ro`]);
  const words = (home: string) => [
    ...(nested ? nested.split(' ') : []),
    '--network',
    'none',
    '--tmpfs',
    '/tmp:exec',
    ...mounts,
    '-v',
    `${home}:/volume`,
  ];
  const variables = {
    NODE_DIR: node,
    TSRUN: box.program,
    IMAGE: image,
    FLAGS: nested,
    MOUNTS: words('/volume')
      .filter((word) => !nested.split(' ').includes(word))
      .join(' '),
  };
  const env = Object.entries(variables).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
  return run([...words(box.home), ...env, image, 'sh', '/volume/deeper.sh', String(levels)]);
}
