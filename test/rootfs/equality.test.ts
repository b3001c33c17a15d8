/** An unpacked rootfs equals GNU tar's sequential extraction of the same layers under the same map. */
import { after, describe, test } from 'node:test';
import { identities } from '../harness/identity.js';
import { layeredDebianImage } from '../harness/images.js';
import { removeTemporary, temporaryDirectory } from '../harness/temporary.js';
import { sandbox } from '../harness/tsrun.js';
import { assertEqualToGnuTar, needsRoot } from './compare.js';
import { HAND_MADE, writeHandMade } from './hand-made.js';

const layout = temporaryDirectory();
writeHandMade(layout);
after(() => removeTemporary(layout));

for (const who of identities()) {
  describe(`as ${who.name}`, { skip: who.unavailable ?? needsRoot ?? false }, () => {
    test('a Debian root file system in three layers', async () => {
      const { directory, tag } = await layeredDebianImage();
      await using place = sandbox(who);
      await assertEqualToGnuTar(place, [{ layout: directory, tag }]);
    });

    test('hand-made layers that are not self-contained, one of them shared over two bases', async () => {
      await using place = sandbox(who);
      await assertEqualToGnuTar(
        place,
        HAND_MADE.map(({ name }) => ({ layout, tag: name })),
      );
    });
  });
}
