/** registries.conf as a user writes it: aliases, rewriting, mirrors, what is blocked; and what --debug tells of it. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { identities, identity } from '../../harness/identity.js';
import { busyboxTar } from '../../harness/images.js';
import { writeLayout } from '../../harness/layout.js';
import { temporaryDirectory } from '../../harness/temporary.js';
import { sandbox } from '../../harness/tsrun.js';
import { sendError, serve } from '../../registry/fake-server.js';
import { each, flipped, misbehaving, send } from './misbehaving-registry.js';
import { halfMade, references, wrongBlobs } from './store.js';

const who = identities().find(({ unavailable }) => unavailable === undefined) ?? identity('single');

test('an alias leads to a name, its rule past a dead and a lying mirror to its place; the store knows it by both', async () => {
  const layout = temporaryDirectory();
  writeLayout(layout, [{ tag: 'v1', layers: [{ tar: await busyboxTar() }], config: { Cmd: ['true'], Env: ['PATH=/bin'] } }]);
  await using own = await misbehaving(layout, () => false);
  await using liar = await misbehaving(
    layout,
    each(
      'layer',
      send(({ body }) => ({ body: flipped(body) })),
    ),
  );
  await using empty = await serve((_, response) => sendError(response, 404, 'MANIFEST_UNKNOWN', 'words'));
  await using place = sandbox(who);
  const folder = join(place.home, '.config/containers');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'registries.conf');
  const mirror = (location: string) => `[[registry.mirror]]\nlocation = "${location}"\n`;
  const rule = `[[registry]]\nprefix = "images.example.test"\nlocation = "${own.host}/team"\n${mirror('127.0.0.1:1')}${mirror(liar.host)}`;
  const blocked = '[[registry]]\nlocation = "blocked.example.test"\nblocked = true\n';
  const search = (...hosts: string[]) => `unqualified-search-registries = ${JSON.stringify(hosts)}\n`;
  writeFileSync(file, `${search(empty.host, own.host)}${rule}${blocked}[aliases]\nbox = "images.example.test/app"\n`);

  const pull = await place.tsrun(['pull', '--debug', 'box:v1']);
  assert.equal(pull.stdout, 'images.example.test/app:v1\n', pull.stderr);
  assert.match(pull.stderr, new RegExp(`^debug: registries: read ${file}$`, 'm'));
  assert.match(pull.stderr, new RegExp(`^debug: manifest sha256:[0-9a-f]{64}: from ${liar.host}/app:v1$`, 'm'));
  assert.match(pull.stderr, new RegExp(`^debug: blob sha256:[0-9a-f]{64}: from ${own.host}/team/app:v1$`, 'm'));
  assert.match(pull.stderr, /^127\.0\.0\.1:1: cannot reach 127\.0\.0\.1:1: the connection was refused: trying 127/m);
  assert.match(pull.stderr, new RegExp(`^${liar.host}: the bytes are not what their digest says: trying ${own.host}$`, 'm'));
  assert.deepEqual([halfMade(place), wrongBlobs(place)], [[], []]);

  const before = own.requests.length;
  const run = await place.tsrun(['run', '--rm', '--network', 'none', 'box:v1', 'echo', 'here']);
  assert.deepEqual([run.code, run.stdout, run.stderr], [0, 'here\n', '']);
  assert.equal((await place.tsrun(['rmi', 'box:v1'])).code, 0);
  assert.deepEqual([references(place), own.requests.length], [[], before]);

  const searched = await place.tsrun(['pull', '-q', 'other/app:v1']);
  assert.equal(searched.stdout, `${own.host}/other/app:v1\n`, searched.stderr);
  assert.ok(empty.requests.length > 0, 'the first was asked first');
  writeFileSync(file, search('127.0.0.1:1', own.host) + blocked);
  const away = await place.tsrun(['pull', '-q', 'third/app:v1']);
  assert.equal(away.code, 125);
  assert.match(away.stderr, new RegExp(`connection was refused.* ${own.host}/third/app:v1 is not asked in its place`));
  const refused = await place.tsrun(['pull', '--json', 'blocked.example.test/app']);
  assert.equal(JSON.parse(refused.stderr).code, 'ERR_TSRUN_REGISTRY_BLOCKED');
  writeFileSync(file, '# one\n[[registry]]\nlocaton = "x.example"\n');
  const broken = await place.tsrun(['run', '--rm', 'box', 'true']);
  assert.equal(broken.code, 125);
  assert.match(broken.stderr, new RegExp(`^tsrun: ${file}:3: "locaton" is not known here: did you mean location\\?: correct `));
});
