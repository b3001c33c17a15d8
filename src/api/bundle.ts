/** `bundle`: an image as an OCI bundle, config.json and a flat rootfs, that any OCI runtime runs. */
import { constants, fchmodSync, fchownSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { release } from 'node:os';
import { resolve } from 'node:path';
import { type Built, buildSpec } from '../bundle/build.js';
import { bundleFailure, type ClaimedDirectory, claimDirectory } from '../bundle/directory.js';
import { FILES } from '../bundle/mounts.js';
import { writeBundleFiles } from '../bundle/write.js';
import type { Image } from '../image/image.js';
import type { HostPath } from '../paths.js';
import { handedTo } from '../plan/identity.js';
import { emptyOpened } from '../rootfs/cage.js';
import { applyLayers } from '../rootfs/flat.js';
import { findIdentity, type Identity } from '../rootfs/identity.js';
import { readAccounts } from '../rootfs/lookup.js';
import { readThermalPaths } from '../security/paths.js';
import { OpenDirectory } from '../sys/place.js';
import { checkArguments } from './check-arguments.js';
import { ownArch } from './host.js';
import { imageAnnotations, keepBlobs } from './images.js';
import type { PullOptions } from './options.js';
import { resolveImage } from './resolve-image.js';
import { noteOnce, openStore, type Session } from './session.js';

export interface BundleOptions extends PullOptions {
  /** In place of the image's own, as behind `tsrun run IMAGE`. */
  command?: readonly string[];
}

/** A bundle is not one run: it has no id to be named after. */
const HOSTNAME = 'tsrun';

/**
 * Writes config.json and rootfs/ into a directory that does not exist or is empty. The files of rootfs/ belong to the ids that the config
 * maps. config.json comes last: a bundle that has one is whole. A failure leaves the directory as it was.
 * @throws ERR_TSRUN_FILE_EXISTS, ERR_TSRUN_BUNDLE, and what a run of the image would throw before its start
 */
export async function writeBundle(image: string, directory: string, options: BundleOptions = {}): Promise<{ directory: string }> {
  return bundleOf(image, directory, checkArguments({ image, directory }, options));
}

async function bundleOf(image: string, directory: string, options: BundleOptions): Promise<{ directory: string }> {
  const session = await openStore(options);
  const identity = await findIdentity(session.paths, {}, options.signal);
  const path = resolve(directory) as HostPath;
  using target = claimDirectory(path);
  const owner = handedTo(identity.ids, process.getuid?.() ?? 0);
  try {
    const found = await resolveImage(session, image, 'missing', options);
    using rootfs = makeRootfs(target, owner);
    try {
      await fillRootfs(session, identity, found, rootfs, options);
      const built = buildContainer(identity, { name: image, found }, rootfs, options);
      writeBundleFiles(target.path as HostPath, built, owner);
      for (const note of [...identity.ids.notes, ...built.notes]) noteOnce(session.paths, note, options.onNote);
    } catch (error) {
      await discard(identity, target, rootfs);
      throw error;
    }
  } catch (error) {
    target.giveBack();
    throw bundleFailure(error, path);
  }
  return { directory: path };
}

function makeRootfs(target: ClaimedDirectory, owner: { uid: number; gid: number } | undefined): OpenDirectory {
  mkdirSync(target.at('rootfs'));
  const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;
  const rootfs = new OpenDirectory(openSync(target.at('rootfs'), O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  fchmodSync(rootfs.fd, 0o755); // whatever the caller's umask is
  if (owner) fchownSync(rootfs.fd, owner.uid, owner.gid);
  return rootfs;
}

async function fillRootfs(
  session: Session,
  identity: Identity,
  image: Image,
  rootfs: OpenDirectory,
  options: BundleOptions,
): Promise<void> {
  using _kept = await keepBlobs(session, image, options.signal);
  await applyLayers(session.paths, identity, image.layers, rootfs.path as HostPath, {
    opened: rootfs.fd,
    signal: options.signal,
    onProgress: options.onProgress,
    onNote: (note) => noteOnce(session.paths, note, options.onNote),
  });
}

/** As for a run, but nothing is left to be filled in: no variable is the caller's, and paths begin at the bundle. */
function buildContainer(
  { ids }: Identity,
  { name, found }: { name: string; found: Image },
  rootfs: OpenDirectory,
  options: BundleOptions,
): Built {
  return buildSpec({
    image: { name, config: found.config },
    options: { hostname: HOSTNAME },
    command: options.command ?? [],
    ids,
    ...readAccounts([rootfs.path as HostPath]),
    envFiles: [],
    host: { arch: ownArch(), kernel: release(), envNames: new Set(), thermalPaths: readThermalPaths() },
    terminal: false,
    rootPath: 'rootfs',
    containerDir: '.',
    annotations: imageAnnotations(found, [], ids.owners),
  });
}

/** The helper removes even when this process is gone meanwhile, as it is soon after ^C. */
async function discard(identity: Identity, target: ClaimedDirectory, rootfs: OpenDirectory): Promise<void> {
  try {
    for (const name of [...FILES, 'config.json']) rmSync(target.at(name), { force: true });
    await emptyOpened(identity, rootfs.fd, ['../rootfs', ...(target.made ? [`../../${target.name}`] : [])]);
  } catch {
    // What it failed of is told; what could not be removed lies where the user looks.
  }
}
