/** kill -9 at a random moment of a pull: the next one succeeds, and nothing half-made is ever used or left. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { type Identity, identities } from '../../harness/identity.js';
import { writeLayout } from '../../harness/layout.js';
import { type Registry, startRegistry } from '../../harness/registry.js';
import { removeTemporary, temporaryDirectory } from '../../harness/temporary.js';
import { type Sandbox, sandbox } from '../../harness/tsrun.js';
import { look, type Seen } from '../../layer/look.js';
import { HAND_MADE } from '../../rootfs/hand-made.js';
import { halfMade, layersOf, references, wrongBlobs } from './store.js';

/** In sum over the identities. */
const KILLS = 50;
const AT_ONCE = 3;
/** Two layers, one of them on its parent's view. */
const IMAGE = 'shared-over-one';

let registry: Registry;
let reference = '';

before(async () => {
  const layout = temporaryDirectory();
  const { layers } = HAND_MADE.find(({ name }) => name === IMAGE) as { layers: Buffer[] };
  writeLayout(layout, [{ tag: 'v1', layers: layers.map((tar) => ({ tar })), config: { Cmd: ['sh'] } }]);
  registry = await startRegistry();
  reference = await registry.push(`oci:${layout}:v1`, 'team/killed:v1');
  removeTemporary(layout);
});
after(() => registry.stop());

const available = identities().filter(({ unavailable }) => unavailable === undefined);

for (const who of identities()) {
  const kills = Math.ceil(KILLS / available.length);
  describe(`as ${who.name}`, { skip: who.unavailable ?? false }, () => {
    test(`after each of ${kills} kills the next pull succeeds and nothing half-made is used or left`, async () => {
      const whole = await wholePull(who);
      const moments = Array.from({ length: kills }, (_, index) => ((index + Math.random()) / kills) * whole.milliseconds);
      const next = moments.entries();
      const work = async () => {
        for (const [index, moment] of next) await killedAt(who, moment, index % 2 === 0, whole.layers);
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));
    });
  });
}

type Layers = Record<string, Record<string, Seen>>;

async function wholePull(who: Identity): Promise<{ milliseconds: number; layers: Layers }> {
  await using place = sandbox(who);
  const begun = performance.now();
  await pulled(place);
  return { milliseconds: performance.now() - begun, layers: unpacked(place) };
}

/** @param all Node with what it started, or Node alone */
async function killedAt(who: Identity, milliseconds: number, all: boolean, whole: Layers): Promise<void> {
  const what = `killed ${all ? 'with all it started' : 'alone'} after ${milliseconds.toFixed(0)} ms`;
  await using place = sandbox(who);
  const pull = place.start(['pull', reference]);
  await pause(milliseconds);
  try {
    process.kill(all ? -pull.pid : pull.pid, 'SIGKILL');
  } catch {
    // It was quicker than the first.
  }
  await pull.finished;
  assert.deepEqual(wrongBlobs(place), [], `${what}: a blob under its name is whole`);
  for (const [name, layer] of Object.entries(unpacked(place))) assert.deepEqual(layer, whole[name], `${what}: ${name} is whole`);
  if (references(place).length > 0) assert.equal((await place.tsrun(['image', 'inspect', reference])).code, 0, what);
  await pulled(place, what);
  assert.deepEqual(halfMade(place), [], what);
  assert.deepEqual(unpacked(place), whole, what);
}

async function pulled(place: Sandbox, what?: string): Promise<void> {
  const { code, stderr } = await place.tsrun(['pull', reference]);
  assert.equal(code, 0, `${what}: ${stderr}`);
}

/** The layers in use, without what is new each time: times of directories that no layer mentions, the identity that overlay gives itself. */
function unpacked(place: Sandbox): Layers {
  const ofOneTime = ({ mtime: _mtime, xattrs: { 'user.overlay.uuid': _uuid, ...xattrs } = {}, ...seen }: Seen): Seen => ({
    ...seen,
    xattrs,
  });
  return Object.fromEntries(
    layersOf(place).map((path) => {
      const directory = join(place.root, 'v1', path);
      JSON.parse(readFileSync(join(directory, 'layer.json'), 'utf8'));
      const tree = Object.entries(look(join(directory, 'diff'))).map(([name, seen]) => [name, ofOneTime(seen)] as const);
      return [path, Object.fromEntries(tree)];
    }),
  );
}
