import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { historyListing } from '../../src/cli/listing/history.js';
import { prepare } from '../../src/cli/listing/listing.js';
import { historyOf } from '../../src/image/history.js';
import type { Image, ImageLayer } from '../../src/image/image.js';
import { imageHistory, TsrunError } from '../../src/index.js';
import { OCI_CONFIG, OCI_MANIFEST } from '../../src/spec/media-types.js';
import { digest } from '../content/fixture.js';
import { Blobs, GZIP_LAYER, HOST, stored, tar } from '../image/fixture.js';

const layer = (name: string) => ({ descriptor: { digest: name } }) as unknown as ImageLayer;
const steps = (history: object[] | undefined, layers: ImageLayer[]) =>
  historyOf({ config: { ...(history ? { history } : {}) }, layers } as unknown as Image).map((step) => [
    step.entry.created_by,
    step.layer?.descriptor.digest,
  ]);

test('each step that changed files has the next layer; what the config says need not fit the layers', () => {
  const told = [{ created_by: 'ADD' }, { created_by: 'ENV', empty_layer: true }, { created_by: 'RUN' }];
  assert.deepEqual(steps(told, [layer('a'), layer('b')]), [
    ['RUN', 'b'],
    ['ENV', undefined],
    ['ADD', 'a'],
  ]);
  assert.deepEqual(steps(told, [layer('a'), layer('b'), layer('c')])[0], [undefined, 'c'], 'a layer that nobody tells of');
  assert.deepEqual(steps(told, [layer('a')])[0], ['RUN', undefined], 'a step whose layer is not there');
  assert.deepEqual(steps(undefined, [layer('a')]), [[undefined, 'a']]);
});

test('history is docker’s table, and its sizes are those of the unpacked files, or of what the layer says of itself', async (t) => {
  const blobs = new Blobs();
  const tars = ['base', 'more'].map((text) => tar([{ name: text, data: text.repeat(1000) }]));
  const layers = tars.map((bytes) => blobs.put(GZIP_LAYER, gzipSync(bytes)));
  const config = blobs.put(OCI_CONFIG, {
    ...HOST,
    rootfs: { type: 'layers', diff_ids: tars.map(digest) },
    history: [
      { created: '2026-01-01T00:00:00Z', created_by: '/bin/sh -c #(nop)\tADD file:1234567890123456789012345678901234567890 in /' },
      { created: '2026-01-01T00:00:01Z', created_by: 'CMD ["sh"]', empty_layer: true },
      { created: '2026-01-01T00:00:02Z', created_by: 'RUN \x1b[31m', comment: 'buildkit.dockerfile.v0' },
    ],
  });
  const manifest = blobs.put(OCI_MANIFEST, { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers });
  const { paths } = await stored(t, blobs, { v1: manifest });
  const unpacked = join(paths.layersOf('single'), `diff-${digest(tars[0] as Buffer).slice(7)}`);
  mkdirSync(unpacked, { recursive: true });
  writeFileSync(join(unpacked, 'layer.json'), '{"bytes":4000}');

  const roots = { root: paths.roots.data, runRoot: paths.roots.run };
  const found = await imageHistory('example.com/app:v1', roots);
  assert.deepEqual(
    found.map(({ id, size, layer: made }) => [id, size, made?.size]),
    [
      [config.digest, tars[1]?.length, layers[1]?.size],
      [undefined, 0, undefined],
      [undefined, 4000, layers[0]?.size],
    ],
  );
  const now = Date.parse('2026-01-08T00:00:00Z');
  const id = config.digest.slice(7, 19);
  assert.equal(
    prepare(historyListing(true), { now }).print(found),
    [
      'IMAGE          CREATED      CREATED BY                                      SIZE      COMMENT',
      `${id}   7 days ago   RUN \\x1b[31m                                    5.63kB    buildkit.dockerfile.v0`,
      '<missing>      7 days ago   CMD ["sh"]                                      0B        ',
      '<missing>      7 days ago   /bin/sh -c #(nop) ADD file:12345678901234567…   4kB       ',
      '',
    ].join('\n'),
  );
  const exact = prepare(historyListing(false), { format: '{{.CreatedSince}} {{.Size}}' }).print(found);
  assert.match(exact, /^20\d\d-\d\d-\d\dT\d\d:\d\d:02(Z|[+-]\d\d:\d\d) 5632\n/);
  assert.equal(prepare(historyListing(true), { quiet: true, noTrunc: true }).print(found), `${config.digest}\n<missing>\n<missing>\n`);
  await assert.rejects(
    imageHistory('example.com/app:v2', roots),
    (error) => error instanceof TsrunError && error.code === 'ERR_TSRUN_IMAGE_NOT_FOUND',
  );
});
