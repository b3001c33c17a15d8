/** Unpacked layers take room: they go with the last image and container that needs them, and never before. */
import assert from 'node:assert/strict';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { identities } from '../harness/identity.js';
import { busyboxTar } from '../harness/images.js';
import { writeLayout } from '../harness/layout.js';
import { temporaryDirectory } from '../harness/temporary.js';
import { type Sandbox, sandbox } from '../harness/tsrun.js';
import { archive, file } from '../layer/tar-builder.js';

/** Names of all that lies in layers/, half-made or whole, whoever owns the files. */
function layers({ root }: Sandbox): string[] {
  const all = join(root, 'v1/layers');
  return readdirSync(all).flatMap((owners) => readdirSync(join(all, owners)));
}

async function succeeds(box: Sandbox, words: string[]): Promise<string> {
  const { code, stdout, stderr } = await box.tsrun(words);
  assert.equal(code, 0, stderr);
  return stdout;
}

/** An image in a layout of its own: busybox, and one layer with a file that says which. */
async function writeImage(directory: string, text: string): Promise<string> {
  rmSync(directory, { recursive: true, force: true });
  writeLayout(directory, [{ tag: 'v', layers: [{ tar: await busyboxTar() }, { tar: archive(file('text', text)) }], config: {} }]);
  return `oci:${directory}:v`;
}

for (const who of identities()) {
  it(`as ${who.name}: layers of an image that is replaced or removed go, what is shared or runs stays as long as it must`, {
    skip: who.unavailable ?? false,
  }, async () => {
    await using box = sandbox(who);
    const [one, two] = [join(temporaryDirectory(), 'one'), join(temporaryDirectory(), 'two')];
    const image = await writeImage(one, 'old');
    const other = await writeImage(two, 'other');
    assert.equal(await succeeds(box, ['run', '-q', '--rm', image, 'cat', '/text']), 'old');
    const before = layers(box);
    assert.equal(before.length, 2);
    await succeeds(box, ['pull', '-q', other]);
    assert.equal(layers(box).length, 3, 'the base is shared');

    await writeImage(one, 'new');
    assert.equal(await succeeds(box, ['run', '-q', '--rm', image, 'cat', '/text']), 'new');
    assert.equal(layers(box).length, 3, 'the replaced layer is gone');
    assert.equal(before.filter((name) => layers(box).includes(name)).length, 1);

    const running = box.start(['run', '-q', '--rm', '-i', image, 'sh', '-c', 'echo ready; read line; cat /text'], { input: 'open' });
    await running.waitFor(/ready/);
    await succeeds(box, ['run', '-q', '--name', 'kept', other, 'true']);
    const said = (await succeeds(box, ['rmi', '-f', image])).trimEnd().split('\n');
    assert.equal(said[0], `Untagged: ${image}`);
    assert.equal(new Set(said).size, said.length, 'each digest once, also the one that is the id');
    assert.equal(said.length, 4, 'manifest, config and one layer: the base is needed');
    await succeeds(box, ['rmi', '-f', other]);
    assert.equal(layers(box).length, 3, 'both have a container');
    running.child.stdin?.end('\n');
    const { code, stdout } = await running.finished;
    assert.deepEqual([code, stdout], [0, 'ready\nnew']);
    await succeeds(box, ['rm', 'kept']);
    assert.deepEqual(layers(box), [], 'what a --rm run left goes too');
    assert.deepEqual(readdirSync(join(box.root, 'v1/image/blobs/sha256')), []);
  });
}
