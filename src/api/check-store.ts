/** `fsck`: whether everything in the store is what it should be, and the removal of what is damaged and can be had again. */
import { existsSync, mkdirSync } from 'node:fs';
import { sweepThoroughly } from '../container/remove.js';
import { entriesOf } from '../container/state.js';
import { checkBlob, checkLayout, removeDamagedBlob } from '../content/check.js';
import { allBlobs, reachable } from '../content/gc.js';
import { writeDurably } from '../content/ingest.js';
import { listRefs, type Ref, rebuildIndex, removeDamagedRef } from '../content/refs.js';
import { sweepLeftovers } from '../content/sweep.js';
import { canBeHadAgain, checkImage } from '../image/check.js';
import type { StoreSession } from '../image/fetch.js';
import type { HostPath } from '../paths.js';
import { removeDamagedLayer } from '../rootfs/check.js';
import { findIdentity } from '../rootfs/identity.js';
import type { Digest } from '../spec/digest.js';
import { sweepHalfMade } from '../volume/state.js';
import { checkArguments } from './check-arguments.js';
import { containerProblems, layerProblems, leftoversIn, type Problem, volumeProblems } from './check-places.js';
import { collectLayers } from './layers.js';
import type { CommonOptions } from './options.js';
import { destroyed } from './record.js';
import { openSession, openStore } from './session.js';

export interface StoreFinding extends Problem {
  kind: 'reference' | 'image' | 'blob' | 'layout' | 'layer' | 'container' | 'volume';
  /** What is damaged is gone, or made anew. */
  repaired: boolean;
}

export interface StoreCheck {
  checked: { references: number; blobs: number /** of blobs */; bytes: number; layers: number; containers: number; volumes: number };
  /** Damage. None: the store is clean. */
  findings: StoreFinding[];
  /** What killed processes left; no damage, and the next pull or `system prune` clears it. */
  leftovers: number;
}

export interface CheckStoreOptions extends CommonOptions {
  /** Remove what is damaged and can be had again. Never containers, volumes, or images that are nowhere else. */
  repair?: boolean;
}

/** Reads every blob. Others may pull, run and remove meanwhile: nothing is locked to look. */
export async function checkStore(options: CheckStoreOptions = {}): Promise<StoreCheck> {
  const { signal } = checkArguments({}, options);
  const { repair = false } = options;
  const session = openSession(options);
  if (repair && existsSync(session.paths.base)) mkdirSync(session.paths.locks, { recursive: true, mode: 0o700 });
  const check: StoreCheck = {
    checked: { references: 0, blobs: 0, bytes: 0, layers: 0, containers: 0, volumes: 0 },
    findings: [],
    leftovers: 0,
  };
  const { refs } = await checkReferences(session, check, repair);
  await checkBlobs(session, check, refs, repair, signal);
  for (const ref of refs) {
    signal?.throwIfAborted();
    for (const problem of await checkImage(session.store, ref)) {
      const hint = (await canBeHadAgain(ref)) ? `fetch what is missing: tsrun pull ${ref.name}` : `remove it: tsrun rmi ${ref.name}`;
      add(check, { kind: 'image', path: ref.name, problem, hint, repaired: false });
    }
  }
  await checkLayout(session.paths).then(async (problems) => {
    for (const problem of problems)
      add(check, { kind: 'layout', hint: REPAIR, ...problem, repaired: repair && (await remakeLayout(session)) });
  });
  await checkPlaces(session, check, repair, signal);
  check.leftovers = leftoversIn(session.paths);
  if (repair && check.leftovers > 0) await sweep(options, signal);
  return check;
}

const REPAIR = 'make it anew with --repair';
const REMOVE = 'remove it with --repair; the next pull or run brings it back';

function add({ findings }: StoreCheck, finding: StoreFinding): void {
  findings.push(finding);
}

async function checkReferences({ paths }: StoreSession, check: StoreCheck, repair: boolean): Promise<{ refs: Ref[] }> {
  const { refs, damaged } = await listRefs(paths);
  check.checked.references = refs.length + damaged.length;
  for (const { path, reason, unreadable } of damaged) {
    const isLost = unreadable === undefined;
    const hint = isLost ? 'remove it with --repair; pull the image again' : 'check its owner and mode, and the disk';
    const repaired = repair && isLost && (await removeDamagedRef(paths, path));
    add(check, { kind: 'reference', path, problem: reason, hint, repaired });
  }
  return { refs };
}

async function checkBlobs(session: StoreSession, check: StoreCheck, refs: Ref[], repair: boolean, signal?: AbortSignal): Promise<void> {
  const { paths } = session;
  for (const digest of await allBlobs(paths)) {
    const state = await checkBlob(paths, digest, signal);
    if (state === undefined) continue;
    check.checked.blobs += 1;
    check.checked.bytes += state.size;
    if (state.problem === undefined) continue;
    const lost = await neededElsewhere(session, refs, digest);
    const repaired = repair && lost === undefined && (await removeDamagedBlob(paths, digest, signal));
    const hint = lost === undefined ? REMOVE : `it cannot be had again: only ${lost} has it`;
    add(check, { kind: 'blob', path: paths.blob(digest), problem: state.problem, hint, repaired });
  }
}

/** The name of an image that needs the blob, when there is none that could be fetched again. */
async function neededElsewhere({ store }: StoreSession, refs: Ref[], digest: Digest): Promise<string | undefined> {
  let lost: string | undefined;
  for (const ref of refs) {
    if (!(await reachable(store, ref.descriptor)).has(digest)) continue;
    if (await canBeHadAgain(ref)) return undefined;
    lost = ref.name;
  }
  return lost;
}

async function remakeLayout({ paths, store }: StoreSession): Promise<boolean> {
  await store.init();
  await writeDurably(paths, `${paths.image}/oci-layout`, '{"imageLayoutVersion":"1.0.0"}');
  await rebuildIndex(paths);
  return true;
}

async function checkPlaces(session: StoreSession, check: StoreCheck, repair: boolean, signal?: AbortSignal): Promise<void> {
  const { paths } = session;
  const layers = await layerProblems(session);
  const containers = containerProblems(paths);
  const volumes = volumeProblems(paths);
  Object.assign(check.checked, { layers: layers.count, containers: containers.count, volumes: volumes.count });
  for (const { again, ...problem } of layers.problems) {
    const repaired = repair && again && (await removeDamagedLayer(paths, await findIdentity(paths, {}, signal), problem.path as HostPath));
    add(check, { kind: 'layer', ...problem, hint: again ? REMOVE : problem.hint, repaired });
  }
  for (const problem of containers.problems) add(check, { kind: 'container', ...problem, repaired: false });
  for (const problem of volumes.problems) add(check, { kind: 'volume', ...problem, repaired: false });
}

async function sweep(options: CommonOptions, signal: AbortSignal | undefined): Promise<void> {
  const session = await openStore(options);
  await sweepLeftovers(session.paths);
  await sweepThoroughly(session.paths, destroyed);
  sweepHalfMade(session.paths);
  if (entriesOf(session.paths.layers).length > 0) await collectLayers(session, signal, 'thoroughly');
}
