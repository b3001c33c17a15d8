/** manifest.json and repositories, as docker's archives have them beside the image layout: an entry for each image, with one platform of it. */
import { TsrunError } from '../errors.js';
import type { Digest } from '../spec/digest.js';
import type { ImageManifest } from '../spec/image.js';
import { CONFIG_TYPES } from '../spec/media-types.js';
import type { SentImage } from './destination.js';
import { tagOf } from './layout-index.js';
import { blobName } from './oci-layout.js';
import { choosePlatform } from './platform.js';

interface Entry {
  manifest: ImageManifest;
  tags: string[];
}

export interface TextFile {
  name: string;
  text: string;
}

export function dockerFiles(images: readonly SentImage[]): TextFile[] {
  const entries = new Map<Digest, Entry>();
  for (const image of images) {
    const manifest = mainManifest(image);
    const tags = image.names.flatMap((name) => tagOf(name) ?? []);
    const entry = entries.get(manifest.config.digest) ?? { manifest, tags: [] };
    entries.set(manifest.config.digest, { ...entry, tags: [...new Set([...entry.tags, ...tags])] });
  }
  const all = [...entries.values()];
  const files = [{ name: 'manifest.json', text: `${JSON.stringify(all.map(manifestEntry))}\n` }];
  return all.some(({ tags }) => tags.length > 0)
    ? [...files, { name: 'repositories', text: `${JSON.stringify(repositories(all))}\n` }]
    : files;
}

/** Readers of manifest.json know no platforms: this machine's, or the first. */
function mainManifest({ target, manifests }: SentImage): ImageManifest {
  const images = manifests.filter(({ manifest }) => CONFIG_TYPES.includes(manifest.config.mediaType));
  const descriptors = images.map(({ descriptor }) => descriptor);
  const chosen = images.find(({ descriptor }) => descriptor === mine(descriptors)) ?? images[0];
  if (chosen !== undefined) return chosen.manifest;
  throw new TsrunError('ERR_TSRUN_MEDIA_TYPE', `${target.digest} is no container image, and archives of docker's hold nothing else`, {
    subject: target.digest,
    hint: 'write it to an oci-archive',
  });
}

function mine(manifests: SentImage['target'][]): SentImage['target'] | undefined {
  try {
    return choosePlatform({ schemaVersion: 2, manifests }, undefined, '');
  } catch {
    return undefined;
  }
}

function manifestEntry({ manifest, tags }: Entry): object {
  return {
    Config: blobName(manifest.config),
    // Spelled out: docker shows them as short as ever, and podman would make localhost/ of a short one.
    RepoTags: tags.length === 0 ? null : tags,
    Layers: manifest.layers.map(blobName),
  };
}

/** What docker's first archives had, and some readers look for: repository → tag → the topmost layer. */
function repositories(entries: readonly Entry[]): Record<string, Record<string, string>> {
  const all: Record<string, Record<string, string>> = {};
  for (const { manifest, tags } of entries) {
    const top = (manifest.layers.at(-1) ?? manifest.config).digest.slice('sha256:'.length);
    for (const tag of tags) {
      const colon = tag.lastIndexOf(':');
      const repository = tag.slice(0, colon);
      all[repository] = { ...all[repository], [tag.slice(colon + 1)]: top };
    }
  }
  return all;
}
