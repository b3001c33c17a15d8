/** One damaged thing stops nothing else; the store is a directory that can be elsewhere tomorrow; an image's files in a directory. */
import assert from 'node:assert/strict';
import { lstatSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Identity, identities } from '../../harness/identity.js';
import { busyboxTar } from '../../harness/images.js';
import { writeLayout } from '../../harness/layout.js';
import { type Place, place, withoutNetwork } from '../../harness/place.js';
import { temporaryDirectory } from '../../harness/temporary.js';

const who = identities().find(({ name, unavailable }) => name !== 'root' && unavailable === undefined) as Identity;

describe('a store with damage in it', () => {
  let here: Place;
  let other: string;
  const at = (...parts: string[]) => join(here.box.root, 'v1', ...parts);
  const run = (words: string[]) => here.box.tsrun(words);
  const ok = async (...words: string[]) => {
    const { code, stdout, stderr } = await run(words);
    assert.equal(code, 0, `${words.join(' ')}: ${stderr}`);
    return stdout;
  };

  before(async () => {
    here = await place(who);
    const directory = temporaryDirectory();
    writeLayout(directory, [{ tag: 'two', layers: [{ tar: await busyboxTar() }, { tar: Buffer.alloc(10240) }], config: { Cmd: ['sh'] } }]);
    other = `oci:${directory}:two`;
    await ok('run', '--rm', '--network', 'none', other, 'true');
    await ok('create', '--name', 'broken', '-v', 'lost:/data', other, 'true');
    await ok('create', '--name', 'fine', here.image, 'true');
  });
  after(() => here?.[Symbol.asyncDispose]());

  it('lets every other command work, whatever it is', async () => {
    const refs = readdirSync(at('refs'));
    const ref = refs.find((name) => readFileSync(at('refs', name), 'utf8').includes(':two"')) as string;
    const { descriptor } = JSON.parse(readFileSync(at('refs', ref), 'utf8'));
    const blob = (digest: string) => at('image/blobs/sha256', digest.slice(7));
    const manifest = JSON.parse(readFileSync(blob(descriptor.digest), 'utf8'));
    const owners = readdirSync(at('layers'))[0] as string;
    const shown = JSON.parse(await ok('image', 'inspect', here.image))[0].RootFS.Layers[0].slice(7);
    const layer = readdirSync(at('layers', owners)).find((name) => !name.includes(shown)) as string;
    const broken = JSON.parse(await ok('inspect', 'broken'))[0].Id as string;
    const damaged = [
      blob(manifest.layers[0].digest),
      blob(manifest.config.digest),
      blob(descriptor.digest),
      at('refs', ref),
      at('image/index.json'),
      at('image/oci-layout'),
      at('layers', owners, layer, 'layer.json'),
      at('containers', broken, 'config.json'),
      at('containers', broken, 'status.json'),
      at('volumes/lost/volume.json'),
      at('events'),
      ...readdirSync(at())
        .filter((name) => name.startsWith('storage-'))
        .map((name) => at(name)),
    ];
    for (const path of damaged) writeFileSync(path, '{ "damaged');
    assert.match(await ok('images'), /latest/);
    assert.match(await ok('ps', '-a'), /fine/);
    assert.match(await ok('system', 'df', '-v'), /\nlost +0 /);
    await ok('volume', 'ls');
    const check = await run(['fsck', '--json']);
    assert.equal(check.code, 1, check.stderr);
    const kinds = new Set(JSON.parse(check.stdout).findings.map(({ kind }: { kind: string }) => kind));
    assert.deepEqual([...kinds].sort(), ['blob', 'container', 'image', 'layer', 'layout', 'reference', 'volume']);
    assert.equal(await ok('run', '--rm', ...withoutNetwork([here.image, 'echo', 'well'])), 'well\n');
    assert.match(await ok('volume', 'prune', '-af'), /space: 0B/, 'perhaps the damaged container has it');
    await ok('rmi', '-f', here.image);
    await ok('rm', 'fine');
  });

  it('is repaired as far as it can be had again; rm and volume rm take the rest', async () => {
    assert.equal((await run(['fsck', '--repair'])).code, 1);
    await ok('rm', '-f', 'broken');
    await ok('volume', 'rm', 'lost');
    assert.match(await ok('fsck'), /: no damage/);
    await ok('run', '--rm', ...withoutNetwork([other, 'true']));
  });

  it('lies somewhere else, and runs there', async () => {
    const moved = join(here.box.home, 'moved');
    renameSync(here.box.root, moved);
    const env = { TSRUN_ROOT: moved };
    const result = await here.box.tsrun(['run', '--rm', ...withoutNetwork([other, 'echo', 'moved'])], { env });
    assert.deepEqual(result, { ...result, code: 0, stdout: 'moved\n', stderr: '' });
    assert.match((await here.box.tsrun(['fsck'], { env })).stdout, /: no damage/);
    renameSync(moved, here.box.root);
  });

  it('gives an image’s files to whom they are to belong, in a directory that is empty', async () => {
    const [map, mine] = ['map', 'mine'].map((name) => join(here.box.home, name)) as [string, string];
    assert.equal(await ok('image', 'unpack', '-q', other, map), `${map}\n`);
    await ok('image', 'unpack', '-q', '--owners', 'caller', other, mine);
    assert.ok(lstatSync(join(mine, 'bin/sh')).isFile());
    assert.equal(lstatSync(join(mine, 'bin/sh')).uid, who.uid);
    assert.equal(statSync(join(map, 'bin/sh')).nlink, statSync(join(mine, 'bin/sh')).nlink);
    assert.equal(await ok('run', '--rm', ...withoutNetwork(['--rootfs', map, 'echo', 'here'])), 'here\n');
    const again = await run(['image', 'unpack', other, mine]);
    assert.match(again.stderr, /^tsrun: the directory .*mine is not empty/);
    const nothing = join(here.box.home, 'nothing');
    assert.equal((await run(['image', 'unpack', 'oci:/nonexistent', nothing])).code, 125);
    assert.throws(() => statSync(nothing), 'what was made is gone');
    const image = await run(['image', 'unpack', '--owners', 'image', other, nothing]);
    if (who.uid !== 0) assert.match(image.stderr, /only root can give files to the owners/);
  });
});
