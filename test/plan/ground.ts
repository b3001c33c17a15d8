/** What plans stand on: one user with a store, an unpacked busybox, volumes, a running container, and the helper to execute them. */
import assert from 'node:assert/strict';
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HostPath } from '../../src/paths.js';
import { encodePlan } from '../../src/plan/encode.js';
import type { Mappers } from '../../src/plan/identity.js';
import type { Plan } from '../../src/plan/operations.js';
import { chooseIdMapping, type IdMapping } from '../../src/security/idmap.js';
import { findIdMapping, readIdFacts } from '../../src/security/idmap-read.js';
import { parseUserns } from '../../src/security/userns.js';
import type { Identity } from '../harness/identity.js';
import type { Finished } from '../harness/process.js';
import { openTerminal } from '../harness/pty.js';
import { type Place, place } from '../integration/run/place.js';
import { type Helper, launch, type Report } from '../native/program.js';
import type { Facts, Scenario } from './scenario.js';

export interface Executed extends Pick<Finished, 'code' | 'stdout' | 'stderr'> {
  /** Not on a terminal. */
  report: Report;
}

interface Size {
  rows: number;
  columns: number;
}

export interface Ground extends AsyncDisposable {
  readonly place: Place;
  /** `<data>/v1` */
  readonly store: string;
  /** A container that runs as long as this lives, by its first process on the host. */
  readonly running: { pid: number; startTime: number };
  facts(scenario: Scenario): Promise<Facts>;
  /** @param terminal on one, of that size */
  execute(helper: Helper, plan: Plan, terminal?: boolean | Size): Promise<Executed>;
}

export async function ground(who: Identity): Promise<Ground> {
  const here = await place(who);
  const { box, image } = here;
  for (const userns of who.name === 'range' ? ['keep-id', 'nomap'] : []) {
    const unpacked = await box.tsrun(['run', '--rm', '--network', 'none', '--userns', userns, image, 'true']);
    assert.equal(unpacked.code, 0, unpacked.stderr);
  }
  const container = here.start(['-i', image, 'sh', '-c', 'echo ready; exec cat'], { input: 'open' });
  await container.waitFor(/ready/);
  const store = join(box.root, 'v1');
  assert.ok(existsSync(join(store, 'volumes')), 'a run makes the place for volumes');
  const volumes = makeVolumes(join(box.home, 'volumes'), who);
  const running = firstProcess(join(store, 'transient'));
  return {
    place: here,
    store,
    running,
    facts: async ({ userns }) => {
      const { ids, mappers } = await mappingOf(who, store, userns);
      const layers = join(store, 'layers', ids.owners);
      const unpacked = readdirSync(layers).filter((name) => name.startsWith('diff-'));
      const arch = process.arch === 'arm64' ? 'arm64' : 'x64';
      const paths = unpacked.map((name) => join(layers, name, 'diff'));
      return { ids, ...(mappers ? { mappers } : {}), callerUid: who.uid, layers: paths, store, run: box.runRoot, volumes, arch, running };
    },
    execute: (helper, plan, terminal = false) =>
      terminal ? onTerminal(here, helper, plan, terminal === true ? undefined : terminal) : plainly(here, helper, plan),
    [Symbol.asyncDispose]: async () => {
      container.child.stdin?.end();
      await container.finished;
      await here[Symbol.asyncDispose]();
    },
  };
}

const ENVIRONMENT = { TERM: 'xterm', GREETING: 'hello "you"' };

async function plainly({ box, who }: Place, helper: Helper, plan: Plan): Promise<Executed> {
  const { finished, reports } = launch(helper, encodePlan(plan), { as: who, cwd: box.home, env: { ...box.env, ...ENVIRONMENT } });
  return { ...(await finished), report: await reports };
}

async function onTerminal({ box, who }: Place, helper: Helper, plan: Plan, size?: Size): Promise<Executed> {
  const file = join(box.home, 'plan');
  writeFileSync(file, encodePlan(plan), { mode: 0o644 });
  const line = ['sh', '-c', 'exec "$@" execute 3 3<"$0"', file, ...helper];
  const { finished } = await openTerminal(line, { as: who, cwd: box.home, env: { ...box.env, ...ENVIRONMENT }, ...size });
  return { ...(await finished), report: {} };
}

function makeVolumes(directory: string, { uid, gid }: Identity): string {
  const paths = [directory, join(directory, 'data'), join(directory, 'out')];
  for (const path of paths) mkdirSync(path);
  const files = [join(directory, 'data', 'greeting'), join(directory, 'file')];
  for (const path of files) writeFileSync(path, 'hello\n');
  if (process.getuid?.() === 0) for (const path of [...paths, ...files]) chownSync(path, uid, gid);
  return directory;
}

/** What the compiler would choose for that user. */
async function mappingOf(who: Identity, store: string, userns: string | undefined): Promise<{ ids: IdMapping; mappers?: Mappers }> {
  const facts = { ...readIdFacts(process.env), uid: who.uid, gid: who.gid, userName: who.user };
  const rootRangeFile = join(store, 'root-range.json') as HostPath;
  const ids = who.uid === 0 ? await findIdMapping({ rootRangeFile, env: process.env }) : chooseIdMapping(facts, parseUserns({ userns }));
  if (ids.write === 'direct') return { ids };
  return { ids, mappers: { newuidmap: facts.newuidmapPath ?? '', newgidmap: facts.newgidmapPath ?? '' } };
}

/** Of the only container that runs there. */
function firstProcess(directory: string): { pid: number; startTime: number } {
  const [id = ''] = readdirSync(directory);
  const { pid, startTime } = JSON.parse(readFileSync(join(directory, id, 'status.json'), 'utf8'));
  return { pid: Number(pid), startTime: Number(startTime) };
}
