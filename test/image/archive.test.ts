import assert from 'node:assert/strict';
import { cpSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { importArchive } from '../../src/image/archive.js';
import { findImage } from '../../src/image/find.js';
import { imageId } from '../../src/image/image.js';
import { listImages } from '../../src/image/list.js';
import { succeed } from '../harness/process.js';
import { temporaryDirectory } from '../harness/temporary.js';
import { archive, layout, session } from './archive-fixture.js';

test('an image layout is imported under its path, and again without reading what is there', async (t) => {
  const here = await session(t);
  const directory = layout();
  const image = await importArchive(here, archive(`oci:${directory}:latest`));
  assert.equal(image.name, `oci:${directory}:latest`);
  assert.equal(image.layers.length, 3);
  assert.deepEqual(image.config.config?.Cmd, ['sh']);
  assert.equal((await findImage(here, `oci:${directory}:latest`))?.target.digest, image.target.digest);
  for (const { digest: layer } of image.manifest.layers) rmSync(join(directory, 'blobs/sha256', layer.slice(7)), { force: true });
  assert.deepEqual(await importArchive(here, archive(`oci:${directory}:latest`)), image);
  const many = await importArchive(here, archive(`oci:${directory}:many`), { platform: { os: 'linux', architecture: 's390x' } });
  assert.equal(many.config.architecture, 's390x');
  const { images } = await listImages(here);
  assert.equal(images.length, 2);
});

test('a layout with several images wants to know which', async (t) => {
  const here = await session(t);
  const directory = layout();
  await assert.rejects(importArchive(here, archive(`oci:${directory}`)), {
    code: 'ERR_TSRUN_IMAGE_AMBIGUOUS',
    message: /latest, plain, many/,
  });
  await assert.rejects(importArchive(here, archive(`oci:${directory}:other`)), {
    code: 'ERR_TSRUN_IMAGE_NOT_FOUND',
    message: /only latest, plain, many/,
  });
});

test('what is no layout, or a broken one, is refused and names the file', async (t) => {
  const here = await session(t);
  const empty = temporaryDirectory();
  await assert.rejects(importArchive(here, archive(`oci:${empty}`)), { code: 'ERR_TSRUN_ARCHIVE_INVALID', message: /oci-layout/ });
  await assert.rejects(importArchive(here, archive(`oci:${empty}/none`)), { code: 'ERR_TSRUN_IMAGE_NOT_FOUND' });
  const broken = join(temporaryDirectory(), 'copy');
  cpSync(layout(), broken, { recursive: true });
  const manifest = JSON.parse(readFileSync(join(broken, 'index.json'), 'utf8')).manifests[0].digest.slice(7);
  writeFileSync(join(broken, 'blobs/sha256', manifest), '{}');
  await assert.rejects(importArchive(here, archive(`oci:${broken}:latest`)), { code: 'ERR_TSRUN_BLOB_SIZE' });
  rmSync(join(broken, 'blobs/sha256', manifest));
  await succeed(['mkfifo', join(broken, 'blobs/sha256', manifest)]);
  await assert.rejects(importArchive(here, archive(`oci:${broken}:latest`)), { code: 'ERR_TSRUN_ARCHIVE_INVALID', message: /not a file/ });
  writeFileSync(join(broken, 'oci-layout'), '{"imageLayoutVersion":"2.0.0"}');
  await assert.rejects(importArchive(here, archive(`oci:${broken}:latest`)), {
    code: 'ERR_TSRUN_ARCHIVE_INVALID',
    message: /must be 1\.x/,
  });
  assert.deepEqual(await listImages(here), { images: [], damaged: [] });
});

test("skopeo's archives come in with the same config, plain, gzip, zstd and through a pipe", async (t) => {
  const directory = layout();
  const work = temporaryDirectory();
  const copy = (to: string) => succeed(['skopeo', '--insecure-policy', 'copy', '--quiet', `oci:${directory}:latest`, to]);
  await copy(`oci-archive:${work}/oci.tar:app`);
  await copy(`docker-archive:${work}/docker.tar:app:1`);
  const here = await session(t);
  const original = await importArchive(here, archive(`oci:${directory}:latest`));
  const fromOci = await importArchive(here, archive(`oci-archive:${work}/oci.tar`));
  assert.equal(imageId(fromOci), imageId(original));
  assert.equal(fromOci.target.digest, original.target.digest);
  const fromDocker = await importArchive(here, archive(`docker-archive:${work}/docker.tar`));
  const config = JSON.parse(await succeed(['tar', '-xOf', `${work}/docker.tar`, 'manifest.json']))[0].Config;
  assert.equal(imageId(fromDocker), `sha256:${config.replace(/\.json$/, '')}`);
  assert.deepEqual(fromDocker.config.rootfs, original.config.rootfs);
  assert.deepEqual(
    fromDocker.layers.map(({ descriptor }) => descriptor.digest as string),
    fromDocker.layers.map(({ diffId }) => diffId as string),
  );
  assert.ok(fromDocker.layers.every(({ descriptor }) => descriptor.mediaType === 'application/vnd.oci.image.layer.v1.tar'));
  assert.equal((await importArchive(here, archive(`docker-archive:${work}/docker.tar:app:1`))).target.digest, fromDocker.target.digest);

  await succeed(['gzip', '-k', `${work}/docker.tar`]);
  await succeed(['zstd', '-q', `${work}/docker.tar`]);
  await succeed(['gzip', '-k', `${work}/oci.tar`]);
  await succeed(['mkfifo', `${work}/pipe`]);
  for (const name of ['docker-archive:docker.tar.gz', 'docker-archive:docker.tar.zst', 'oci-archive:oci.tar.gz', 'docker-archive:pipe']) {
    const feeding = name.endsWith('pipe') ? succeed(['sh', '-c', `cat ${work}/docker.tar.gz > ${work}/pipe`]) : undefined;
    const image = await importArchive(await session(t), archive(name.replace(':', `:${work}/`)));
    await feeding;
    assert.equal(image.target.digest, (name.startsWith('oci') ? fromOci : fromDocker).target.digest, name);
  }
  assert.deepEqual(readdirSync(here.paths.ingest), []);
  const readBack = JSON.parse(await succeed(['skopeo', 'inspect', '--config', `oci-archive:${work}/oci.tar`]));
  assert.deepEqual(readBack.rootfs.diff_ids, original.config.rootfs.diff_ids);
});

test("a layout's blobs may be links, which docker's cache makes; what they hold is verified all the same", async (t) => {
  const here = await session(t);
  const directory = layout();
  const index = JSON.parse(readFileSync(join(directory, 'index.json'), 'utf8'));
  const blob = join(directory, 'blobs/sha256', index.manifests[0].digest.slice(7));
  cpSync(blob, `${blob}.elsewhere`);
  rmSync(blob);
  symlinkSync(`${blob}.elsewhere`, blob);
  assert.ok(await importArchive(here, archive(`oci:${directory}:latest`)));
  rmSync(blob);
  symlinkSync('/etc/passwd', blob);
  const other = await session(t);
  await assert.rejects(importArchive(other, archive(`oci:${directory}:latest`)), { code: /BLOB_(SIZE|DIGEST)/ });
});
