/** Which ids a container has: --userns, --uidmap, --gidmap, --group-add keep-groups. */
import assert from 'node:assert/strict';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { type IdentityName, identities } from '../../harness/identity.js';
import { describeAs, type Place } from '../../harness/place.js';
import { until } from '../../harness/wait.js';

/** Of uid, of the owner of / and of sh in the image, of a volume of the caller's; `me` is the caller's own id. */
type Seen = [uid: Id, root: Id, volume: Id];
type Id = number | 'me';
const NOBODY = 65534;
const ROOT_ALL: Seen = [0, 0, 0];

const MAPS: Record<IdentityName, [words: string[], seen: Seen | RegExp][]> = {
  root: [
    [['--userns', 'nomap'], ROOT_ALL],
    [['--userns', 'auto'], ROOT_ALL],
    [['--userns', 'auto:size=2000'], ROOT_ALL],
    [['--uidmap', '0:500000:1000'], ROOT_ALL],
    [['--userns', 'identity:host-root'], ROOT_ALL],
    [['--userns', 'identity'], /would put the host’s root into the container/],
    [['--userns', 'host'], /would put the host’s root into the container/],
    [['--userns', 'keep-id'], /would put the host’s root into the container/],
    [['--group-add', 'keep-groups'], /root’s groups/],
  ],
  range: [
    [
      ['--userns', 'keep-id'],
      ['me', 0, 'me'],
    ],
    [
      ['--userns', 'keep-id:fast'],
      ['me', 'me', 'me'],
    ],
    [
      ['--userns', 'keep-id:uid=5,gid=6'],
      [5, 0, 5],
    ],
    [
      ['--userns', 'identity'],
      ['me', 'me', 'me'],
    ],
    [
      ['--userns', 'nomap'],
      [0, 0, NOBODY],
    ],
    [
      ['--userns', 'auto'],
      [0, 0, NOBODY],
    ],
    [['--userns', 'host'], ROOT_ALL],
    [
      ['--uidmap', '0:1:1000', '--uidmap', '1000:0:1', '-u', '1000:1000'],
      [1000, 0, 1000],
    ],
    [['--uidmap', '0:0:1'], ROOT_ALL],
    [['--uidmap', '0:@0:1'], /not all yours/],
    [['--userns', 'auto:size=100000'], /no 100000 ids left/],
  ],
  single: [
    [
      ['--userns', 'keep-id:fast'],
      ['me', 'me', 'me'],
    ],
    [
      ['--userns', 'keep-id:fast,uid=5,gid=6'],
      [5, 5, 5],
    ],
    [
      ['--userns', 'identity'],
      ['me', 'me', 'me'],
    ],
    [['--userns', 'host'], ROOT_ALL],
    [['--userns', 'keep-id'], /keep-id needs subordinate ids.*keep-id:fast/s],
    [['--userns', 'nomap'], /nomap needs subordinate ids/],
    [['--userns', 'auto'], /auto needs subordinate ids/],
  ],
};

/** Maps in which the caller has no place, or only one of his two. */
const OTHERS: Record<string, string[][]> = {
  root: [
    ['--userns', 'nomap'],
    ['--uidmap', '0:200000:1'],
  ],
  range: [
    ['--userns', 'nomap'],
    ['--uidmap', '0:5:1'],
  ],
};

for (const who of identities())
  describeAs(who, 'user namespaces', (where) => {
    for (const [words, expected] of MAPS[who.name])
      it(`${words.join(' ')}: ${expected instanceof RegExp ? 'refused' : `sees ${expected.join(', ')}`}`, async () => {
        const { box, image } = where();
        const script = 'id -u; stat -c %u / /bin/busybox /v; touch /v/made && mkdir -m 700 /private && touch /private/file /anonymous/file';
        const flags = ['-v', `${box.home}:/v`, '-v', '/anonymous', ...words];
        const { code, stdout, stderr } = await where().run([...flags, image, 'sh', '-c', `${script}; true`]);
        if (expected instanceof RegExp) {
          assert.equal(code, 125);
          assert.match(stderr, expected);
          return;
        }
        assert.equal(code, 0, stderr);
        const [uid, root, volume] = expected.map((id) => (id === 'me' ? who.uid : id));
        assert.deepEqual(stdout.trim().split('\n').map(Number), [uid, root, root, volume]);
        assert.deepEqual(readdirSync(join(box.root, 'v1/volumes')), [], 'what was made for it alone is gone');
      });

    it('--userns nonsense is refused in words that say what there is', async () => {
      const { code, stderr } = await where().run(['--userns', 'nonsense', where().image, 'true']);
      assert.equal(code, 125);
      assert.match(stderr, /nonsense.*keep-id.*nomap/s);
    });

    if (who.name !== 'single') aContainerOfOthersIds(where, OTHERS[who.name]);
    if (who.name !== 'root') keepsGroups(where);
  });

/** What the caller makes for ids that are not his, and takes back. */
function aContainerOfOthersIds(where: () => Place, maps: string[][] = []): void {
  for (const map of maps)
    it(`${map.join(' ')}: lives as any other: exec, cp, stop, start and rm, whatever it closed to others`, () => lives(where(), map));

  it('with auto, no two have the same ids, and those of one that is gone are free again', async () => {
    const { box, image } = where();
    const start = async (name: string) => {
      const words = ['run', '-d', '--name', name, '--network', 'none', '--userns', 'auto', image, 'sleep', '1000'];
      const { code, stderr } = await box.tsrun(words);
      assert.equal(code, 0, stderr);
    };
    const firstId = async (name: string) =>
      Number((await box.tsrun(['exec', name, 'cat', '/proc/self/uid_map'])).stdout.trim().split(/\s+/)[1]);
    await Promise.all(['a1', 'a2', 'a3'].map(start));
    const ids = await Promise.all(['a1', 'a2', 'a3'].map(firstId));
    assert.equal(new Set(ids).size, 3, ids.join(' '));
    await box.tsrun(['rm', '-f', 'a2']);
    await start('a4');
    assert.equal(await firstId('a4'), ids[1]);
    await box.tsrun(['rm', '-f', 'a1', 'a3', 'a4']);
  });
}

function keepsGroups(where: () => Place): void {
  const needsRoot = process.getuid?.() === 0 ? false : 'only root can start a process in another group';
  it('--group-add keep-groups: in the groups of the caller, also in exec', { skip: needsRoot }, async () => {
    const { box, image, who } = where();
    const directory = join(box.home, 'groups');
    if (!existsSync(directory)) mkdirSync(directory, { mode: 0o755 });
    writeFileSync(join(directory, 'file'), 'for the group\n');
    chownSync(join(directory, 'file'), 0, 7770);
    chmodSync(join(directory, 'file'), 0o040);
    const inGroup = ['setpriv', `--reuid=${who.uid}`, `--regid=${who.gid}`, `--groups=${who.gid},7770`, box.program];
    const run = (...words: string[]) => box.command([...inGroup, ...words], { as: { uid: 0, gid: 0 } }).finished;
    const flags = ['--rm', '--network', 'none', '-v', `${directory}:/v`];
    assert.equal((await run('run', ...flags, '--group-add', 'keep-groups', image, 'cat', '/v/file')).stdout, 'for the group\n');
    assert.equal((await run('run', '-d', '--name', 'kept', ...flags, '--group-add', 'keep-groups', image, 'sleep', '1000')).code, 0);
    assert.equal((await run('exec', 'kept', 'cat', '/v/file')).stdout, 'for the group\n');
    await run('rm', '-f', 'kept');
    if (who.name === 'range') assert.equal((await run('run', ...flags, image, 'cat', '/v/file')).code, 1, 'dropped unless asked for');
  });
}

/** Whatever the map, exec and a second start are in the same one as the first. */
async function lives(where: Place, map: string[]): Promise<void> {
  const { box, image } = where;
  const ok = async (...words: string[]) => {
    const { code, stdout, stderr } = await box.tsrun(words);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' }, words.join(' '));
    return stdout;
  };
  const script =
    'umask 077; mkdir -p /private /named/p; echo kept > /private/file; touch /named/p/f /anonymous/f; chmod 700 /anonymous /named; sleep 1000';
  await ok(
    'run',
    '-q',
    '-d',
    '--name',
    'other',
    '--network',
    'none',
    ...map,
    '-v',
    '/anonymous',
    '-v',
    'named:/named',
    image,
    'sh',
    '-c',
    script,
  );
  await until(async () => (await box.tsrun(['exec', 'other', 'test', '-e', '/anonymous/f'])).code === 0);
  assert.match(await ok('ps', '-s', '--format', '{{.Size}}'), /virtual/);
  await ok('stop', '-t', '0', 'other');
  await ok('cp', 'other:/private/file', join(box.home, 'copy'));
  await ok('start', 'other');
  assert.equal(await ok('exec', 'other', 'cat', '/private/file'), 'kept\n');
  const [first, other] = (await ok('exec', 'other', 'grep', '-h', 'Groups', '/proc/1/status', '/proc/self/status')).split('\n');
  assert.equal(other, first, 'in the same groups');
  await ok('rm', '-f', '-v', 'other');
  await ok('volume', 'rm', 'named');
  assert.deepEqual(readdirSync(join(box.root, 'v1/containers')), []);
  assert.deepEqual(readdirSync(join(box.root, 'v1/volumes')), []);
}
