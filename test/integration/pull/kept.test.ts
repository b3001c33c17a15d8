/** What a layer has that a user's containers cannot: it stays in the blob, is said once, or is an error with a way out. */
import assert from 'node:assert/strict';
import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { identity } from '../../harness/identity.js';
import { busyboxTar } from '../../harness/images.js';
import { writeLayout } from '../../harness/layout.js';
import { removeTemporary, temporaryDirectory } from '../../harness/temporary.js';
import { type Sandbox, sandbox } from '../../harness/tsrun.js';
import { archive, digestOf, directory, file, pax } from '../../layer/tar-builder.js';

const ATTRIBUTES = pax({ 'SCHILY.xattr.trusted.x': '1', 'SCHILY.xattr.security.evm': '2', 'SCHILY.xattr.user.kept': 'yes' });
const [ONE, TWO] = ['one', 'two'].map((name) => archive(directory(name), ATTRIBUTES, file(`${name}/f`))) as [Buffer, Buffer];
const OUTSIDE = archive(directory('d'), file('d/f', '', { uid: 70_000 }), file('d/g', '', { uid: 70_001, gid: 5 }));

const layout = temporaryDirectory();
before(async () => {
  const base = { tar: await busyboxTar() };
  writeLayout(layout, [
    { tag: 'attributes', layers: [base, ...[ONE, TWO].map((tar) => ({ tar, compression: 'none' as const }))], config: { Cmd: ['sh'] } },
    { tag: 'outside', layers: [base, { tar: OUTSIDE }], config: { Cmd: ['sh'] } },
  ]);
  chmodSync(layout, 0o755);
});
after(() => removeTemporary(layout));

const who = identity('range');

async function ok(place: Sandbox, ...words: string[]) {
  const { code, stdout, stderr } = await place.tsrun(words);
  assert.equal(code, 0, stderr);
  return { stdout, stderr };
}

if (who.unavailable === undefined) {
  test('attributes that are not applied stay in the blobs, and are named once', async () => {
    await using place = sandbox(who);
    const image = `oci:${layout}:attributes`;
    const { stderr } = await ok(place, 'pull', image);
    assert.deepEqual(stderr.match(/note: .*/g), ['note: extended attributes are left out: trusted.x, security.evm']);
    assert.doesNotMatch((await ok(place, 'run', '--rm', '--network', 'none', image, 'true')).stderr, /attributes/);
    for (const tar of [ONE, TWO]) {
      const blob = join(place.root, 'v1/image/blobs/sha256', digestOf(tar).slice('sha256:'.length));
      assert.deepEqual(readFileSync(blob), tar);
    }
  });

  test('ids that the map does not hold are listed; each way out that is told of leads out', async () => {
    await using place = sandbox(who);
    const image = `oci:${layout}:outside`;
    const run = ['run', '--rm', '-q', '--network', 'none'];
    const refused = await place.tsrun([...run, image, 'true']);
    assert.equal(refused.code, 125);
    assert.match(refused.stderr, /files of uid 70000, 70001, which the container's id map does not hold: .* id 70001 .*--uidmap/);
    const maps = ['--uidmap', '0:0:1000', '--uidmap', '70000:1000:2', '--gidmap', '0:0:1000'];
    for (let again = 0; again < 2; again += 1) {
      const { stdout } = await ok(place, ...run, ...maps, image, 'stat', '-c', '%u:%g', '/d/f', '/d/g');
      assert.equal(stdout, '70000:0\n70001:5\n');
    }
    await ok(place, 'image', 'unpack', '-q', '--owners', 'caller', image, join(place.home, 'mine'));
  });
}
