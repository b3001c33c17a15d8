/** Images of many layers: the overlay's options have to fit one page. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { identity } from '../../harness/identity.js';
import { busyboxTar } from '../../harness/images.js';
import { writeLayout } from '../../harness/layout.js';
import { succeed } from '../../harness/process.js';
import { temporaryDirectory } from '../../harness/temporary.js';
import { sandbox } from '../../harness/tsrun.js';
import { assertNothingLeft, firstProcessOf, until } from './place.js';

const LAYERS = 120;

/** busybox, and 119 layers that each add a file and replace another. */
async function tallImage(): Promise<string> {
  const work = temporaryDirectory();
  const script = `mkdir layers; cd layers; i=2; while [ $i -le ${LAYERS} ]; do mkdir -p $i/marks; echo $i > $i/marks/$i; echo $i > $i/marks/last
    tar --numeric-owner --owner=0 --group=0 -C $i -cf $i.tar marks; i=$((i+1)); done`;
  await succeed(['sh', '-euc', script], { cwd: work });
  const tars = Array.from({ length: LAYERS - 1 }, (_, index) => readFileSync(join(work, 'layers', `${index + 2}.tar`)));
  const directory = temporaryDirectory();
  const layers = [await busyboxTar(), ...tars].map((tar) => ({ tar, compression: 'none' as const }));
  writeLayout(directory, [{ tag: 'latest', layers, config: {} }]);
  return `oci:${directory}:latest`;
}

const who = identity('range');
it(`as ${who.name}: an image of ${LAYERS} layers runs, and config.json names them all, the topmost first`, {
  skip: who.unavailable ?? false,
}, async () => {
  const image = await tallImage();
  await using box = sandbox(who);
  const running = box.start(['run', '--rm', '-q', '-i', image, 'sh', '-c', 'ls /marks | wc -l; cat /marks/last; echo ready; cat'], {
    input: 'open',
    timeoutMs: 120_000,
  });
  await running.waitFor(/ready/);
  assert.equal(running.stdout(), `${LAYERS}\n${LAYERS}\nready\n`);
  const pid = firstProcessOf(running);
  assert.ok(await until(async () => (await box.tsrun(['ps', '-q'])).stdout !== ''));
  const [id = ''] = (await box.tsrun(['ps', '-q', '--no-trunc'])).stdout.split('\n');
  const config = JSON.parse(readFileSync(join(box.root, 'v1/transient', id, 'config.json'), 'utf8'));
  const stack: string[] = config.annotations['io.tsrun.layers'].split(',');
  assert.equal(new Set(stack).size, LAYERS);
  const layers = join(box.root, 'v1/layers', config.annotations['io.tsrun.owners']);
  for (const layer of stack) assert.ok(existsSync(join(layers, layer, 'diff')));
  assert.equal(readFileSync(join(layers, stack[0] as string, 'diff/marks/last'), 'utf8'), `${LAYERS}\n`);
  const overlay = readFileSync(`/proc/${pid}/mountinfo`, 'utf8')
    .split('\n')
    .find((line) => line.includes(' - overlay '));
  assert.equal(overlay?.match(/lowerdir=([^,]*)/)?.[1]?.split(':').length, LAYERS, 'each is a lowerdir of its own');
  running.child.stdin?.end();
  assert.equal((await running.finished).code, 0);
  await assertNothingLeft(box);
});
