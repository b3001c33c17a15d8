/** Where the kernel's overlay cannot be used: fuse-overlayfs, or a copy for each container; which, a trial on the store itself decides. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { identities } from '../harness/identity.js';
import { busyboxImage } from '../harness/images.js';
import { leftovers } from '../harness/leftovers.js';
import { mountNamespace } from '../harness/mount-namespace.js';
import { removeTemporary, temporaryDirectory } from '../harness/temporary.js';
import { type Sandbox, sandbox } from '../harness/tsrun.js';
import { halfMade } from '../integration/pull/store.js';
import { assertEqualToGnuTar, needsRoot } from './compare.js';
import { writeHandMade } from './hand-made.js';

const layout = temporaryDirectory();
writeHandMade(layout);
after(() => removeTemporary(layout));

/** Everybody may open it where udev runs; else root alone. */
const OPEN_FUSE = 'mknod "$1/fuse" c 10 229; chmod 666 "$1/fuse"; mount --bind "$1/fuse" /dev/fuse';
const needsFuse = existsSync('/dev/fuse') ? undefined : 'there is no /dev/fuse';

for (const who of identities()) {
  describe(`as ${who.name}`, { skip: who.unavailable ?? needsRoot ?? needsFuse ?? false }, () => {
    for (const storage of ['fuse-overlayfs', 'copy']) {
      test(`${storage}: the root file system equals GNU tar's extraction, and nothing is left after the run`, async () => {
        await using place = sandbox(who);
        const device = temporaryDirectory();
        await using namespace = await mountNamespace(OPEN_FUSE, [device]);
        const inside = namespace.inside(place);
        await assertEqualToGnuTar(
          inside,
          ['shared-over-two', 'replacing'].map((tag) => ({ layout, tag })),
          { TSRUN_STORAGE: storage },
        );
        const script = 'echo new >/made; rm /usr/lib/old.so; mv /tmp /moved; ls /made /usr/lib /moved; ls -d /proc/[0-9]*';
        const run = await inside.tsrun(['run', '--rm', '-q', `oci:${layout}:shared-over-one`, 'sh', '-c', script], {
          env: { TSRUN_STORAGE: storage },
        });
        assert.equal(run.stderr, '');
        const processes = /^\/made\n\n\/moved:\nnew\n\n\/usr\/lib:\nnew\.so\n((?:\/proc\/\d+\n)+)$/.exec(run.stdout)?.[1];
        assert.ok((processes?.trim().split('\n').length ?? 99) <= 2, `the container sees its own processes alone: ${run.stdout}`);
        assert.deepEqual(leftovers(place), { processes: [], mounts: [], directories: [] });
        assert.deepEqual(halfMade(place), []);
      });
    }

    test('on a file system where overlay cannot hide a directory, the trial finds what works', async () => {
      // ramfs has no extended attributes.
      const mount = 'mount -t ramfs ramfs "$1"; chmod 700 "$1"; chown "$2" "$1"';
      await using place = sandbox(who);
      const args = [place.root, `${who.uid}:${who.gid}`];
      {
        await using namespace = await mountNamespace(`${mount}; mknod "$3/fuse" c 1 3; mount --bind "$3/fuse" /dev/fuse`, [
          ...args,
          temporaryDirectory(),
        ]);
        const inside = namespace.inside(place);
        const { stderr } = await inside.tsrun(['run', '-q', '--rm', (await busyboxImage()).reference, 'true']);
        assert.equal(stderr, '', 'silence is kept, and the note for later');
        const { notes, ...found } = await chosen(inside);
        assert.deepEqual(found, { named: 'copy', output: 'here\n' }, '/dev/fuse is no such device');
        assert.equal(notes.length, 1);
        const said = `^note: no overlay: the file system of ${place.root}/v1 cannot carry it \\(.*\\): every container gets a copy .*--root DIR$`;
        assert.match(notes[0] ?? '', new RegExp(said));
        assert.deepEqual((await chosen(inside)).notes, [], 'told once');
      }
      {
        await using namespace = await mountNamespace(`${mount}; shift 2; ${OPEN_FUSE}`, [...args, temporaryDirectory()]);
        const { notes, ...found } = await chosen(namespace.inside(place));
        assert.deepEqual(found, { named: 'fuse-overlayfs', output: 'here\n' });
        assert.match(
          notes.join(),
          /^note: no overlay: .*: fuse-overlayfs takes its place, and files in containers are slower; .*--root DIR$/,
        );
      }
    });
  });

  describe(`as ${who.name}`, { skip: who.unavailable ?? false }, () => {
    test('what the trial found is kept in a file, for this kernel, boot and file system', async () => {
      await using place = sandbox(who);
      assert.deepEqual(await chosen(place), { named: 'overlay', output: 'here\n', notes: [] });
      const file = join(place.root, 'v1', readdirSync(join(place.root, 'v1')).find((name) => name.startsWith('storage-')) ?? '');
      const kept = JSON.parse(readFileSync(file, 'utf8'));
      assert.deepEqual(kept.storage, who.name === 'root' ? { type: 'overlay', shifts: true } : { type: 'overlay' });
      writeFileSync(file, JSON.stringify({ ...kept, storage: { type: 'copy' } }));
      assert.equal((await chosen(place)).named, 'copy', 'no other trial is made');
      writeFileSync(file, JSON.stringify({ place: `5.10 ${kept.place}`, storage: { type: 'copy' } }));
      assert.equal((await chosen(place)).named, 'overlay', 'another kernel may do more');
      writeFileSync(file, 'half of a fi');
      assert.equal((await chosen(place)).named, 'overlay');
    });

    test('TSRUN_STORAGE with a word that is no storage is refused', async () => {
      await using place = sandbox(who);
      const { code, stderr } = await place.tsrun(['run', '--json', '--rm', (await busyboxImage()).reference, 'true'], {
        env: { TSRUN_STORAGE: 'vfs' },
      });
      assert.equal(code, 125);
      assert.equal(JSON.parse(stderr).code, 'ERR_TSRUN_USAGE');
    });
  });
}

/** What --debug names, and what the container said. */
async function chosen(place: Sandbox): Promise<{ named: string | undefined; output: string; notes: string[] }> {
  const { code, stdout, stderr } = await place.tsrun(['run', '--debug', '--rm', (await busyboxImage()).reference, 'echo', 'here']);
  assert.equal(code, 0, stderr);
  return { named: /^debug: storage: (\S+)$/m.exec(stderr)?.[1], output: stdout, notes: stderr.match(/^note: no overlay.*$/gm) ?? [] };
}
