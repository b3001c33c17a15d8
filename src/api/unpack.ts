/** `image unpack`: an image's files in a directory of the caller's, nothing else. */
import { resolve } from 'node:path';
import { bundleFailure, type ClaimedDirectory, claimDirectory } from '../bundle/directory.js';
import { TsrunError } from '../errors.js';
import type { HostPath } from '../paths.js';
import { handedTo } from '../plan/identity.js';
import { emptyOpened } from '../rootfs/cage.js';
import { applyLayers } from '../rootfs/flat.js';
import { findIdentity, type Identity, recordedIdentity } from '../rootfs/identity.js';
import { checkArguments } from './check-arguments.js';
import { keepBlobs } from './images.js';
import type { PullOptions } from './options.js';
import { resolveImage } from './resolve-image.js';
import { noteOnce, openStore, type Session } from './session.js';

/**
 * `map`: the ids of the map that containers have by default, as the files of `bundle` have; `caller`: all of them the caller's own;
 * `image`: as the image says, which root alone can give.
 */
export type Owners = 'map' | 'caller' | 'image';

export interface UnpackOptions extends PullOptions {
  /** Default: `map`. */
  owners?: Owners;
}

/**
 * Unpacks an image into a directory that does not exist or is empty. A failure leaves the directory as it was.
 * @throws ERR_TSRUN_FILE_EXISTS, ERR_TSRUN_BUNDLE, and what pulling and unpacking it for a run would throw
 */
export async function unpackImage(image: string, directory: string, options: UnpackOptions = {}): Promise<{ directory: string }> {
  const own = checkArguments({ image, directory }, options);
  const session = await openStore(options);
  const identity = await identityFor(session, options.owners ?? 'map', own.signal);
  const path = resolve(directory) as HostPath;
  using target = claimDirectory(path, 'directory');
  try {
    await fill(session, identity, image, target, own);
  } catch (error) {
    await discard(identity, target);
    target.giveBack();
    throw bundleFailure(error, path, 'directory');
  }
  return { directory: path };
}

async function identityFor({ paths }: Session, owners: Owners, signal: AbortSignal | undefined): Promise<Identity> {
  if (owners === 'caller') return recordedIdentity(undefined, undefined);
  if (owners === 'map') return findIdentity(paths, {}, signal);
  if (process.getuid?.() === 0) return findIdentity(paths, { userns: 'identity:host-root' }, signal);
  throw new TsrunError('ERR_TSRUN_UNSUPPORTED', 'only root can give files to the owners that the image says', {
    hint: 'leave --owners out: a container’s root then sees the same owners; or name caller, for files of your own',
  });
}

async function fill(session: Session, identity: Identity, image: string, target: ClaimedDirectory, options: UnpackOptions): Promise<void> {
  const found = await resolveImage(session, image, 'missing', options);
  using _kept = await keepBlobs(session, found, options.signal);
  target.give(0o755, handedTo(identity.ids, process.getuid?.() ?? 0)); // docker's mode, where no layer says another one
  await applyLayers(session.paths, identity, found.layers, target.asked, {
    opened: target.fd,
    signal: options.signal,
    onProgress: options.onProgress,
    onNote: (note) => noteOnce(session.paths, note, options.onNote),
    durable: true,
  });
}

/** The helper removes even when this process is gone meanwhile, as it is soon after ^C. */
async function discard(identity: Identity, target: ClaimedDirectory): Promise<void> {
  try {
    await emptyOpened(identity, target.fd, target.made ? [`../${target.name}`] : []);
  } catch {
    // What it failed of is told; what could not be removed lies where the user looks.
  }
}
