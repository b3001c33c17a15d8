/** An image from a registry, through files of every format, to a registry and back: no digest changes, whatever it is compressed by and made for. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type ArchiveFormat, copyImage, inspectImage, loadImages, pull, push, saveImages } from '../../src/index.js';
import { type ImageFile, type LayerFile, writeLayout } from '../harness/layout.js';
import { type Registry, startRegistry } from '../harness/registry.js';
import { temporaryDirectory } from '../harness/temporary.js';
import { HOST } from '../image/fixture.js';
import { archive, file } from '../layer/tar-builder.js';

let registry: Registry;
before(async () => {
  registry = await startRegistry();
});
after(() => registry?.stop());

const FORMATS: readonly ArchiveFormat[] = ['docker-archive', 'oci-archive', 'oci-dir', 'docker-dir'];
const COMPRESSIONS = ['none', 'gzip', 'zstd'] as const satisfies readonly LayerFile['compression'][];
const FOREIGN = 's390x';
/** What the index or the manifest of each is for. */
const MADE_FOR = { own: [HOST.architecture], foreign: [FOREIGN], both: [HOST.architecture, FOREIGN] };

const emptyRoots = () => ({ root: temporaryDirectory(), runRoot: temporaryDirectory() });

for (const compression of COMPRESSIONS)
  for (const [kind, architectures] of Object.entries(MADE_FOR))
    describe(`layers by ${compression}, for ${architectures.join(' and ')}`, () => {
      const platform = kind === 'foreign' ? { platform: `linux/${FOREIGN}` } : {};
      const whole = kind === 'both' ? { allPlatforms: true } : {};
      let name: string;
      let digest: string;
      let store: ReturnType<typeof emptyRoots>;

      before(async () => {
        const layout = temporaryDirectory();
        const layers = ['one', 'two'].map((text) => ({ tar: archive(file(text, Buffer.from(text.repeat(3000)))), compression }));
        writeLayout(
          layout,
          architectures.map((architecture): ImageFile => ({ tag: 'x', layers, config: { Cmd: [architecture] }, architecture })),
        );
        digest = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')).manifests[0].digest;
        name = `${registry.host}/${kind}/${compression}:1`;
        store = emptyRoots();
        const sent = await copyImage(`oci:${layout}:x`, `docker://${name}`, { ...store, ...platform, ...whole });
        assert.equal(sent.digest, digest, 'copied as it is');
        assert.equal((await pull(name, { ...store, ...platform, ...whole })).digest, digest, 'pulled as it is');
      });

      for (const format of FORMATS)
        it(`${format}: saved, loaded, pushed and pulled with the digest that it had`, async () => {
          const place = join(temporaryDirectory(), 'saved');
          await saveImages([name], place, { ...store, format });
          const other = emptyRoots();
          const [loaded] = await loadImages(place, other);
          assert.ok(loaded);
          assert.equal(loaded.digest, digest, 'loaded');
          // An image without a name is known by its digest; its id alone would mean that of one platform.
          const known = loaded.names[0] ?? `localhost/untagged@${loaded.digest}`;
          const next = `${registry.host}/${kind}/${compression}-${format}:2`;
          assert.equal((await push(known, next, other)).digest, digest, 'pushed');
          const { RepoDigests, RootFS } = await inspectImage(next, { ...emptyRoots(), ...platform, remote: true });
          assert.ok(RepoDigests[0]?.endsWith(`@${digest}`), 'as the registry has it');
          assert.deepEqual(RootFS.Layers, (await inspectImage(name, { ...store, ...platform })).RootFS.Layers);
          if (format === FORMATS[0]) assert.equal((await pull(next, { ...emptyRoots(), ...platform, ...whole })).digest, digest, 'pulled');
        });
    });
