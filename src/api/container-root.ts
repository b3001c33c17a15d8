/** What a container runs on: an image's layers, or a directory of the host's (`--rootfs`). */
import { type Stats, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { errnoOf, systemReason, TsrunError } from '../errors.js';
import type { HostPath } from '../paths.js';
import type { RootSource } from '../plan/root.js';
import type { Identity } from '../rootfs/identity.js';
import { mapsHostId } from '../security/idmap-form.js';
import type { ImageConfig } from '../spec/image.js';
import { imageAnnotations, imageRootfs } from './images.js';
import type { RunOptions } from './options.js';
import { resolveImage } from './resolve-image.js';
import type { Session } from './session.js';

export interface Root {
  source: RootSource;
  /** The topmost first: where accounts are looked up. */
  layers: HostPath[];
  image?: { name: string; config: ImageConfig };
  annotations: Record<string, string>;
}

/** @throws ERR_TSRUN_USAGE for an archive on standard input, which is the container's */
export async function imageRoot(session: Session, identity: Identity, text: string, options: RunOptions): Promise<Root> {
  if (/^(?:oci|docker)-archive:-(?::|@|$)/.test(text))
    throw new TsrunError('ERR_TSRUN_USAGE', 'standard input is the container’s, and cannot be its image as well', {
      subject: text,
      hint: 'bring the image into the store first: tsrun load < FILE',
    });
  const image = await resolveImage(session, text, options.pull ?? 'missing', options);
  const { source, layers, owners } = await imageRootfs(session, identity, image, options);
  return { source, layers, image: { name: image.name, config: image.config }, annotations: imageAnnotations(image, layers, owners) };
}

export function givenRoot(text: string, { ids }: Identity): Root {
  if (text === '')
    throw new TsrunError('ERR_TSRUN_USAGE', 'the name of the root file system is empty', {
      hint: 'name a directory behind --rootfs: . is the current one',
    });
  const path = resolve(text) as HostPath;
  const stat = statOf(path);
  if (!stat?.isDirectory())
    throw new TsrunError('ERR_TSRUN_MOUNT_SOURCE', `the root file system ${path} is not a directory`, {
      subject: path,
      hint: 'name a directory, or leave out --rootfs to run an image',
    });
  return { source: { type: 'directory', path, owned: mapsHostId(ids.uid, stat.uid) }, layers: [path], annotations: {} };
}

/** Undefined for what is not there, and cannot be. */
function statOf(path: HostPath): Stats | undefined {
  try {
    return statSync(path);
  } catch (cause) {
    if (['ENOENT', 'ENOTDIR'].includes(errnoOf(cause) ?? '')) return undefined;
    throw new TsrunError('ERR_TSRUN_MOUNT_SOURCE', `the root file system ${path} cannot be used: ${systemReason(cause)}`, {
      subject: path,
      hint: 'check the path, and that you may read it',
      cause,
    });
  }
}
