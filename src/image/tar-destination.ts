/**
 * `oci-archive:` and `docker-archive:`, written in one stream. Of the same images come the same bytes: no times, no owners, the order of
 * sending. docker's is an image layout with a manifest.json, so that every digest is kept and every docker, podman and skopeo reads it.
 */

import { TsrunError } from '../errors.js';
import { END_OF_ARCHIVE, headersOf, paddingOf } from '../layer/tar/writer.js';
import type { ImageDestination, SentImage } from './destination.js';
import { dockerFiles, type TextFile } from './docker-manifest.js';
import { entriesOf, indexText, LAYOUT_FILE, LAYOUT_TEXT } from './layout-index.js';
import { blobName } from './oci-layout.js';
import type { Sink } from './sink.js';

const NOTHING = Buffer.alloc(0);
const FOLDERS = ['blobs/', 'blobs/sha256/'];

/** @param ref what the one image is to be called in it */
export function tarDestination(sink: Sink, kind: 'oci-archive' | 'docker-archive', ref: string | undefined): ImageDestination {
  const written = new Set<string>();
  const member = async (name: string, bytes: Uint8Array) => {
    await sink.write(Buffer.concat([headerOf(name, bytes.length), bytes, paddingOf(bytes.length)]));
  };
  const begin = async () => {
    if (written.size > 0) return;
    for (const folder of FOLDERS) await sink.write(headerOf(folder, 0));
    await member(LAYOUT_FILE, Buffer.from(LAYOUT_TEXT));
  };
  return {
    blobsAtOnce: 1,
    has: async ({ digest }) => written.has(digest),
    async blob(descriptor, bytes) {
      await begin();
      written.add(descriptor.digest);
      await sink.write(headerOf(blobName(descriptor), descriptor.size));
      for await (const piece of bytes) await sink.write(piece);
      await sink.write(paddingOf(descriptor.size));
    },
    async document(descriptor, bytes) {
      if (written.has(descriptor.digest)) return; // of another image as well
      await begin();
      written.add(descriptor.digest);
      await member(blobName(descriptor), bytes);
    },
    async finish(images) {
      assertOneName(images, ref);
      await begin();
      for (const { name, text } of kind === 'oci-archive' ? [indexFile(images, ref)] : dockers(images, ref))
        await member(name, Buffer.from(text));
      await sink.write(END_OF_ARCHIVE);
      await sink.finish();
    },
    abort: () => sink.abort(),
  };
}

function indexFile(images: readonly SentImage[], ref: string | undefined): TextFile {
  return { name: 'index.json', text: indexText(entriesOf(images, ref)) };
}

function dockers(images: readonly SentImage[], ref: string | undefined): TextFile[] {
  const named = ref === undefined ? images : images.map((image) => ({ ...image, names: [ref] }));
  return [indexFile(named, undefined), ...dockerFiles(named)];
}

/** One word cannot name several images. @throws ERR_TSRUN_USAGE */
export function assertOneName(images: readonly SentImage[], ref: string | undefined): void {
  if (ref === undefined || new Set(images.map(({ target }) => target.digest)).size <= 1) return;
  throw new TsrunError('ERR_TSRUN_USAGE', `several images cannot all be called ${ref}`, { subject: ref, hint: 'leave the name out' });
}

function headerOf(name: string, size: number): Buffer {
  const isFolder = name.endsWith('/');
  return headersOf({
    type: isFolder ? 'directory' : 'file',
    name: Buffer.from(name),
    link: NOTHING,
    mode: isFolder ? 0o755 : 0o644,
    uid: 0,
    gid: 0,
    mtime: 0n,
    size,
    major: 0,
    minor: 0,
    xattrs: [],
  });
}
