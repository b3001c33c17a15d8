/** `commit`: what a container changed becomes a layer upon its image's. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rootDirectories } from '../container/root.js';
import { type Container, findContainer } from '../container/state.js';
import { Lease } from '../content/lease.js';
import { systemReason, TsrunError } from '../errors.js';
import type { ChangesetJob, DiffJob, LayerBlob } from '../files/job.js';
import { readCatalogue } from '../image/catalogue.js';
import { applyChanges } from '../image/change.js';
import { configUpon } from '../image/commit-config.js';
import { matchingId } from '../image/find.js';
import { type Image, imageId } from '../image/image.js';
import { parseStrictJson } from '../image/json.js';
import { asOciLayer, type MadeLayer, nameFor, nameMade, storeImage, storeTar } from '../image/make.js';
import { CONFIG_LIMIT } from '../image/parse.js';
import type { HostPath, StorePaths } from '../paths.js';
import type { ExistingContainer } from '../plan/run.js';
import { compileLookPlan } from '../plan/visit.js';
import { firstIds, type IdMapping, type IdRange } from '../security/idmap-form.js';
import type { ImageConfig } from '../spec/image.js';
import { checkArguments } from './check-arguments.js';
import { committedConfig } from './committed-config.js';
import { refuseConfined } from './confined-places.js';
import { pauseContainer, unpauseContainer } from './control.js';
import { ownPaths } from './diff.js';
import { keptContainer } from './existing-container.js';
import type { MadeImage } from './import.js';
import type { CommonOptions } from './options.js';
import { recordContainer } from './record.js';
import { openStore, type Session } from './session.js';
import { noteLeftOut, programFor, refuseBusy, type Visit, whicheverItIs } from './visit.js';

export interface CommitOptions extends CommonOptions {
  /** `NAME[:TAG]`; without it the image is known by its id. */
  name?: string;
  /** Lines of a Dockerfile: CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME, WORKDIR. */
  change?: string[];
  author?: string;
  /** For the image's history. */
  message?: string;
  /** A container that runs stands still meanwhile. Default: true. */
  pause?: boolean;
  /** Gets the image's id. */
  iidfile?: string;
}

/**
 * The layers of the image below stay as they were pulled; what the container changed is one more, the same bytes for the same changes. A container
 * that changed nothing has no layer. What is in volumes is no part of it.
 * @throws ERR_TSRUN_CONTAINER_NOT_FOUND, ERR_TSRUN_IMAGE_NOT_FOUND or ERR_TSRUN_BLOB_MISSING when its image is not in the store any more,
 *   ERR_TSRUN_ID_MAP for files of ids that the container's map does not have, ERR_TSRUN_UNSUPPORTED for what has no image or cannot be in a layer
 */
export async function commitContainer(container: string, options: CommitOptions = {}): Promise<MadeImage> {
  const own = checkArguments({ container }, options);
  const name = nameFor(options.name);
  applyChanges({}, options.change ?? []); // what is wrong with them is said before anything is done
  const session = await openStore(options);
  const kept = committable(session.paths, findContainer(session.paths, container));
  using lease = new Lease(session.paths);
  const image = await imageBelow(session, lease, kept.container, kept.existing);
  const layer = await standingStill(session, kept, own, () => changedLayer(session, lease, kept.container.id, image, own));
  const config = await configFor(session, image, kept.existing, layer, options);
  const layers = [...image.layers.map(({ descriptor }) => asOciLayer(descriptor)), ...(layer ? [layer.descriptor] : [])];
  const made = await nameMade(session, await storeImage(session, lease, config, layers), name);
  const id = imageId(made);
  if (options.iidfile !== undefined) writeId(options.iidfile, id);
  recordContainer(session.paths, kept.container, 'commit', { comment: options.message ?? '', imageID: id });
  return { id, ...(name === undefined ? {} : { name }) };
}

interface Committable {
  container: Container;
  existing: ExistingContainer;
}

function committable(paths: StorePaths, container: Container): Committable {
  const existing = keptContainer(paths, container);
  const hint = `its files are plain files: ${join(container.directory, 'overlay')}`;
  refuseConfined(container.name, existing.settings, 'commit cannot make a layer of it', hint);
  const { root } = existing.settings;
  if (root.type !== 'directory') return { container, existing };
  throw new TsrunError(
    'ERR_TSRUN_UNSUPPORTED',
    `the root of ${container.name} is the directory ${root.path}: it has no image to add a layer to`,
    {
      subject: container.name,
      hint: `make an image of all of it: tsrun export ${container.name} | tsrun import -`,
    },
  );
}

/** With all its blobs, which stay from now on. */
async function imageBelow({ paths, store }: Session, lease: Lease, { name }: Container, { spec }: ExistingContainer): Promise<Image> {
  const id = spec.annotations?.['io.tsrun.image.id'] ?? '';
  const shown = spec.annotations?.['io.tsrun.image'] ?? id;
  const find = async () => matchingId((await readCatalogue(store)).entries, id)[0];
  const found = await find();
  const blobs = found && [found.manifestDescriptor, found.configDescriptor, ...found.layers.map(({ descriptor }) => descriptor)];
  if (blobs !== undefined) await lease.protect(blobs.map(({ digest }) => digest));
  const image = blobs && (await find()); // removed before it was protected
  const hint = `pull it again: tsrun pull ${shown}; or make an image of all files: tsrun export ${name} | tsrun import -`;
  if (image === undefined)
    throw new TsrunError('ERR_TSRUN_IMAGE_NOT_FOUND', `${shown}, the image that ${name} was made of, is not in the store any more`, {
      subject: id,
      hint,
    });
  for (const { digest } of blobs ?? []) {
    if (await store.has(digest)) continue;
    throw new TsrunError(
      'ERR_TSRUN_BLOB_MISSING',
      `a layer of ${shown}, the image that ${name} was made of, is not in the store: ${digest}`,
      {
        subject: paths.blob(digest),
        hint,
      },
    );
  }
  return image;
}

/** As docker's: processes that write meanwhile would make a layer of two moments. */
async function standingStill<T>(
  { paths }: Session,
  { container: { name, id }, existing: { settings } }: Committable,
  options: CommitOptions,
  act: () => Promise<T>,
): Promise<T> {
  const { status } = findContainer(paths, id);
  if (status !== 'running' || options.pause === false) return act();
  // The kernel gives the program that serves the files what is written to one when that is closed, if not before.
  if (settings.root.type === 'fuse-overlayfs')
    options.onNote?.(
      `${name} runs on fuse-overlayfs: what is open for writing in it may lack its last bytes in the image; stop it to be sure`,
    );
  const roots = { ...(options.root ? { root: options.root } : {}), ...(options.runRoot ? { runRoot: options.runRoot } : {}) };
  try {
    await pauseContainer(id, roots);
  } catch (error) {
    // It ended meanwhile, or somebody else paused it.
    if (error instanceof TsrunError && ['ERR_TSRUN_CONTAINER_STOPPED', 'ERR_TSRUN_CONTAINER_PAUSED'].includes(error.code)) return act();
    throw error;
  }
  try {
    return await act();
  } finally {
    await unpauseContainer(id, roots).catch((error: unknown) => options.onNote?.(`${name} could not go on: ${(error as Error).message}`));
  }
}

/** Undefined: nothing was changed. */
async function changedLayer(
  session: Session,
  lease: Lease,
  id: string,
  image: Image,
  { signal, onNote }: CommitOptions,
): Promise<MadeLayer | undefined> {
  const { paths } = session;
  if (!existsSync(join(findContainer(paths, id).directory, 'overlay'))) return undefined; // it was never started
  const visited = await whicheverItIs(paths, id, (container) => planFor(paths, container, image), signal);
  visited.input.end();
  try {
    if (!('entries' in visited.first)) throw new TypeError('the program has not said how much was changed');
    if (visited.first.entries === 0) {
      for await (const _rest of visited.output);
      await visited.ended;
      return undefined;
    }
    const layer = await storeTar(session, lease, wholeTar(visited), signal);
    noteLeftOut(await visited.ended, onNote);
    return layer;
  } catch (error) {
    visited.abandon();
    throw error;
  }
}

/** Fails before its end is read when the program does: half a layer is none. */
async function* wholeTar(visited: Visit): AsyncGenerator<Uint8Array> {
  yield* visited.output;
  await visited.ended;
}

function planFor(paths: StorePaths, container: Container, image: Image) {
  const { spec, settings, ids, mappers } = keptContainer(paths, container);
  const { root } = settings;
  if (root.type === 'directory') throw new TypeError('a directory has no image');
  const runs = ['running', 'paused'].includes(container.status);
  if (!runs) refuseBusy(container);
  const [changed, ...layers] = rootDirectories(root, container.directory) as [HostPath, ...HostPath[]];
  const changeset: ChangesetJob = {
    ...(root.type === 'copy' ? {} : { root: { mode: root.mode, ...firstIds(ids), ...root.owner } }),
    ...(ids.mode === 'single' ? { layers: blobsOf(paths, image) } : {}),
    strangers: strangersOf(ids),
  };
  const job: DiffJob = {
    changed,
    form: root.type === 'copy' ? 'whole' : root.type,
    before: root.type === 'copy' ? [root.path] : layers,
    hidden: ownPaths(spec, container.directory),
    changeset,
  };
  return compileLookPlan({ ids, ...(mappers ? { mappers } : {}) }, programFor(job), runs ? undefined : container.directory);
}

/** The topmost first, as they are read. */
function blobsOf(paths: StorePaths, { layers }: Image): LayerBlob[] {
  const blobs = layers.map(({ descriptor: { digest, size, mediaType } }) => ({ path: paths.blob(digest), size, mediaType }));
  return [...new Map(blobs.reverse().map((blob) => [blob.path, blob])).values()];
}

/** user_namespaces(7): ids that a map does not have are shown as these. Where it has one of that number, the two cannot be told apart. */
function strangersOf({ uid, gid }: IdMapping): ChangesetJob['strangers'] {
  const [user, group] = ['uid', 'gid'].map((kind) => Number(readFileSync(`/proc/sys/kernel/overflow${kind}`, 'utf8'))) as [number, number];
  const isMapped = (ranges: readonly IdRange[], id: number) =>
    ranges.some((range) => id >= range.containerId && id < range.containerId + range.size);
  return { ...(isMapped(uid, user) ? {} : { uid: user }), ...(isMapped(gid, group) ? {} : { gid: group }) };
}

async function configFor(
  { store }: Session,
  image: Image,
  { spec, settings }: ExistingContainer,
  layer: MadeLayer | undefined,
  { change = [], author, message }: CommitOptions,
): Promise<object> {
  const bytes = await store.readBytes(image.configDescriptor, CONFIG_LIMIT);
  const parent = parseStrictJson(bytes, CONFIG_LIMIT, image.name, 'ERR_TSRUN_CONFIG_INVALID') as ImageConfig & Record<string, unknown>;
  return configUpon(parent, {
    config: applyChanges(committedConfig(parent.config ?? {}, spec, settings), change),
    ...(layer ? { diffId: layer.diffId } : {}),
    created: new Date().toISOString(),
    createdBy: (spec.process?.args ?? []).join(' '),
    ...(author === undefined ? {} : { author }),
    ...(message === undefined ? {} : { comment: message }),
  });
}

function writeId(path: string, id: string): void {
  try {
    writeFileSync(path, id);
  } catch (cause) {
    const hint = 'the image is made all the same; check the path';
    throw new TsrunError('ERR_TSRUN_USAGE', `the id ${id} cannot be written to ${path}: ${systemReason(cause)}`, {
      subject: path,
      hint,
      cause,
    });
  }
}
