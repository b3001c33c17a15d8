import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { registryPlaces } from '../../../src/paths.js';
import { readRegistrySettings } from '../../../src/registry/config/read.js';
import { temporaryDirectory } from '../../harness/temporary.js';

/** A machine with these files; `home` and `etc` in front. */
function machine(files: Record<string, string>, env: NodeJS.ProcessEnv = {}) {
  const root = temporaryDirectory();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  const facts: string[] = [];
  const places = registryPlaces({ HOME: join(root, 'home'), ...env }, 1000, join(root, 'etc'));
  return { root, facts, read: () => readRegistrySettings(places, (fact) => facts.push(fact.replaceAll(`${root}/`, ''))) };
}

const alias = (target: string) => `[aliases]\na = "${target}.example/a"\n`;
const USER = 'home/.config/containers/registries.conf';
const SYSTEM = 'etc/containers/registries.conf';

test("the system's file, its drop-ins by name, then the user's drop-ins and podman's choices; other files are none", () => {
  const { facts, read } = machine({
    [SYSTEM]: alias('main'),
    [`${SYSTEM}.d/b.conf`]: alias('b'),
    [`${SYSTEM}.d/10.conf`]: alias('ten'),
    [`${SYSTEM}.d/README`]: 'no toml [',
    [`${SYSTEM}.d/sub.conf/x.conf`]: 'no toml [',
    [`${USER}.d/a.conf`]: alias('user'),
    'home/.cache/containers/short-name-aliases.conf': alias('chosen'),
    'home/.config/docker/daemon.json': '{"registry-mirrors":["https://m.example"]}',
    'etc/docker/daemon.json': 'never read',
  });
  const settings = read();
  assert.equal(settings.aliases.get('a'), 'chosen.example/a');
  assert.deepEqual(settings.daemon?.mirrors[0]?.location, 'm.example');
  const order = [SYSTEM, `${SYSTEM}.d/10.conf`, `${SYSTEM}.d/b.conf`, `${USER}.d/a.conf`];
  const all = [...order, 'home/.cache/containers/short-name-aliases.conf', 'home/.config/docker/daemon.json'];
  assert.deepEqual(
    facts,
    all.map((path) => `registries: read ${path}`),
  );
});

test("a user's own file stands for all of the system's; one that the environment names for both", () => {
  const files = { [USER]: alias('user'), [SYSTEM]: 'no toml [', [`${SYSTEM}.d/a.conf`]: alias('drop-in'), named: alias('named') };
  const own = machine({ ...files, [`${USER}.d/x.conf`]: '' });
  assert.equal(own.read().aliases.get('a'), 'user.example/a');
  assert.deepEqual(own.facts, [`registries: read ${USER}`, `registries: read ${USER}.d/x.conf`]);
  const { root } = machine({ named: alias('named') });
  const named = machine(files, { CONTAINERS_REGISTRIES_CONF: join(root, 'named') });
  assert.equal(named.read().aliases.get('a'), 'drop-in.example/a');
  assert.equal(named.facts.length, 2);
});

test('no file is no error, but one that the environment names; /dev/null is an empty one', () => {
  assert.deepEqual(machine({}).read().rules, []);
  assert.throws(machine({}, { CONTAINERS_REGISTRIES_CONF: '/nowhere/x.conf' }).read, {
    message: /^\/nowhere\/x\.conf: CONTAINERS_REGISTRIES_CONF names/,
  });
  assert.deepEqual(machine({}, { CONTAINERS_REGISTRIES_CONF: '/dev/null' }).read().rules, []);
  assert.deepEqual(
    registryPlaces({}, 1000).main.map(({ path }) => path),
    ['/etc/containers/registries.conf'],
  );
});

test('a file that is there and cannot be read or understood is an error that names it', () => {
  const broken = { [`${SYSTEM}.d/a.conf`]: 'ok = 1', [`${SYSTEM}.d/b.conf`]: 'x = 1\ny =' };
  assert.throws(machine(broken).read, { code: 'ERR_TSRUN_CONFIG_INVALID', message: /etc\/containers\/registries\.conf\.d\/b\.conf:2: / });
  assert.throws(machine({ [`${USER}/is-a-folder`]: '' }).read, { message: /registries\.conf: is a directory/ });
  assert.throws(machine({ [USER]: 'a = "\u0000"' }).read, { code: 'ERR_TSRUN_CONFIG_INVALID' });
  assert.throws(machine({ 'etc/docker/daemon.json': '{' }).read, { message: /daemon\.json(:1)?: it is not a JSON object/ });
  const loop = machine({ 'etc/containers/x': '' });
  symlinkSync('registries.conf', join(loop.root, SYSTEM));
  assert.throws(loop.read, { code: 'ERR_TSRUN_CONFIG_INVALID', message: /too many symbolic links/ });
});
