/** Writes OCI image layouts byte by byte, so that a test decides everything about an image. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

export interface LayerFile {
  /** The changeset, an uncompressed tar. */
  tar: Uint8Array;
  /** Default gzip. zstd needs its program. */
  compression?: 'gzip' | 'zstd' | 'none';
  /** Default: the true one. */
  diffId?: string;
}

export interface ImageFile {
  tag: string;
  layers: LayerFile[];
  /** The image config's `config`: Cmd, Env, User … */
  config?: Record<string, unknown>;
  /** Default: this machine's. */
  architecture?: string;
}

interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
  annotations?: Record<string, string>;
  platform?: { os: string; architecture: string };
}

const hostArchitecture = process.arch === 'x64' ? 'amd64' : process.arch;
const digestOf = (bytes: Uint8Array) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** Writes a layout with these images into a directory; images of one tag become an index of platforms. */
export function writeLayout(directory: string, images: ImageFile[]): void {
  const blobs = join(directory, 'blobs/sha256');
  mkdirSync(blobs, { recursive: true });
  const put = (mediaType: string, content: Uint8Array | object): Descriptor => {
    const bytes = content instanceof Uint8Array ? content : Buffer.from(JSON.stringify(content));
    const digest = digestOf(bytes);
    writeFileSync(join(blobs, digest.slice('sha256:'.length)), bytes);
    return { mediaType, digest, size: bytes.length };
  };
  const manifests = [...new Set(images.map(({ tag }) => tag))].map((tag) => {
    const entries = images.filter((image) => image.tag === tag).map((image) => putImage(put, image));
    const [only, ...others] = entries as [Descriptor, ...Descriptor[]];
    const target =
      others.length === 0 ? only : put(type('index.v1+json'), { schemaVersion: 2, mediaType: type('index.v1+json'), manifests: entries });
    return { ...target, annotations: { 'org.opencontainers.image.ref.name': tag } };
  });
  writeFileSync(join(directory, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }));
  writeFileSync(join(directory, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
}

const type = (name: string) => `application/vnd.oci.image.${name}`;

function putImage(put: (mediaType: string, content: Uint8Array | object) => Descriptor, image: ImageFile): Descriptor {
  const platform = { os: 'linux', architecture: image.architecture ?? hostArchitecture };
  const layers = image.layers.map(({ tar, compression = 'gzip' }) =>
    put(type(compression === 'none' ? 'layer.v1.tar' : `layer.v1.tar+${compression}`), compressed(tar, compression)),
  );
  const rootfs = { type: 'layers', diff_ids: image.layers.map(({ tar, diffId }) => diffId ?? digestOf(tar)) };
  const config = put(type('config.v1+json'), { ...platform, config: image.config ?? {}, rootfs, history: [] });
  const mediaType = type('manifest.v1+json');
  return { ...put(mediaType, { schemaVersion: 2, mediaType, config, layers }), platform };
}

/** Node has zstd from 22.15 on. */
function compressed(tar: Uint8Array, compression: 'gzip' | 'zstd' | 'none'): Uint8Array {
  if (compression === 'none') return tar;
  if (compression === 'gzip') return gzipSync(tar, { level: 1 });
  return execFileSync('zstd', ['-q', '-c'], { input: tar, maxBuffer: 2 ** 30 });
}
