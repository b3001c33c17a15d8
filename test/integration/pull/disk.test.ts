/** A full disk and a store that cannot be read: one sentence with what to do, and nothing of what was there is lost. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { identities } from '../../harness/identity.js';
import { busyboxImage } from '../../harness/images.js';
import { writeLayout } from '../../harness/layout.js';
import { mountNamespace } from '../../harness/mount-namespace.js';
import { removeTemporary, temporaryDirectory } from '../../harness/temporary.js';
import { sandbox } from '../../harness/tsrun.js';
import { archive, file } from '../../layer/tar-builder.js';

const MIB = 2 ** 20;
const DISK = 24 * MIB;
const LARGE = 40 * MIB;

const layout = temporaryDirectory();
before(() =>
  writeLayout(layout, [
    { tag: 'noise', layers: [{ tar: archive(file('noise', randomBytes(LARGE))), compression: 'none' }] },
    { tag: 'zeros', layers: [{ tar: archive(file('zeros', Buffer.alloc(LARGE))) }] },
  ]),
);
after(() => removeTemporary(layout));

const needsRoot = process.getuid?.() === 0 ? undefined : 'only root can mount a small disk for others';

for (const who of identities()) {
  describe(`as ${who.name}`, () => {
    test('a container that fills the disk ends as it ends, and nothing that it wrote is lost', {
      skip: who.unavailable ?? needsRoot ?? false,
    }, async () => {
      const busybox = (await busyboxImage()).reference;
      await using place = sandbox(who);
      await using namespace = await mountNamespace(`mount -t tmpfs -o size=${DISK},mode=0700,uid=${who.uid},gid=${who.gid} tmpfs "$1"`, [
        place.root,
      ]);
      const disk = namespace.inside(place);
      const script = 'echo important > /result; dd if=/dev/zero of=/fill bs=64k 2>/dev/null; exit 3';
      const { code } = await disk.tsrun(['run', '-q', '--name', 'precious', busybox, 'sh', '-c', script]);
      assert.equal(code, 3);
      const free = await disk.tsrun(['start', '-a', 'precious']);
      assert.equal(free.code, 3, 'it can even be started again');
      assert.match((await disk.tsrun(['ps', '-a'])).stdout, /precious/);
      const kept = await disk.command(['sh', '-c', `cat ${place.root}/v1/containers/*/overlay/upper/result`]).finished;
      assert.equal(kept.stdout, 'important\n');
      assert.equal((await disk.tsrun(['rm', 'precious'])).code, 0);
    });

    test('a full disk: the bytes needed, the path and --root are named, and what was there before still runs', {
      skip: who.unavailable ?? needsRoot ?? false,
    }, async () => {
      const busybox = (await busyboxImage()).reference;
      await using place = sandbox(who);
      await using namespace = await mountNamespace(`mount -t tmpfs -o size=${DISK},mode=0700,uid=${who.uid},gid=${who.gid} tmpfs "$1"`, [
        place.root,
      ]);
      const disk = namespace.inside(place);
      const works = async () => {
        const run = await disk.tsrun(['run', '--rm', '-q', busybox, 'echo', 'here']);
        assert.deepEqual([run.code, run.stdout], [0, 'here\n'], run.stderr);
      };
      await works();
      for (const tag of ['noise', 'zeros']) {
        const pull = await disk.tsrun(['pull', '--json', `oci:${layout}:${tag}`]);
        assert.equal(pull.code, 125, pull.stderr);
        const { code, message, hint } = JSON.parse(pull.stderr);
        assert.equal(code, 'ERR_TSRUN_DISK_FULL');
        assert.match(message, new RegExp(`no space left in ${place.root}/`));
        const needed = Number(/(\d+) bytes \(\S+ MiB\) are needed/.exec(message)?.[1]);
        assert.ok(needed >= LARGE && needed < LARGE + MIB, message);
        assert.match(hint, /--root DIR/);
        await works();
      }
      const left = await disk.command(['find', place.root, '-size', '+4096']).finished;
      assert.equal(left.stdout, '', 'nothing large is left');
    });

    test('a store that cannot be read: each verb says so, and once it can be, all is there', {
      skip: who.unavailable ?? false,
    }, async () => {
      const busybox = (await busyboxImage()).reference;
      await using place = sandbox(who);
      assert.equal((await place.tsrun(['pull', '-q', busybox])).code, 0);
      const store = join(place.root, 'v1');
      const verbs = [['run', '--rm', busybox, 'true'], ['pull', busybox], ['images'], ['rmi', busybox]];
      // Modes do not keep root out: for it the store's place is a file.
      const broken = who.name === 'root' ? { ...place.env, TSRUN_ROOT: join(place.directory, 'file') } : place.env;
      if (who.name === 'root') writeFileSync(join(place.directory, 'file'), '');
      else chmodSync(store, 0);
      for (const args of verbs) {
        const { code, stderr } = await place.tsrun(
          [...args, '--json'].sort((a, b) => Number(b === '--json') - Number(a === '--json')),
          { env: broken },
        );
        assert.equal(code, 125, `${args[0]}: ${stderr}`);
        const failure = JSON.parse(stderr);
        assert.equal(failure.code, 'ERR_TSRUN_STORE_UNREADABLE', stderr);
        assert.match(failure.hint, /--root/);
      }
      if (who.name !== 'root') chmodSync(store, 0o700);
      const run = await place.tsrun(['run', '--rm', '-q', '--pull', 'never', busybox, 'echo', 'here']);
      assert.deepEqual([run.code, run.stdout], [0, 'here\n'], run.stderr);
    });
  });
}
