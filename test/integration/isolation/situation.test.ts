/** The whole situation of a process in a container, for each way to run it: UPDATE_GOLDEN=1 npm test -- isolation/situation writes it anew. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { describe, it } from 'node:test';
import { inCheckout } from '../../harness/checkout.js';
import { type Identity, identities } from '../../harness/identity.js';
import { type Finished, start } from '../../harness/process.js';
import { describeLife, type Life } from '../lifecycle/place.js';
import { CANARY, looking, normalised, planted, programOf } from './situation.js';

const MODES: Readonly<Record<string, readonly string[]>> = {
  default: [],
  'read-only': ['--read-only'],
  user: ['-u', '1000'],
  privileged: ['--privileged'],
  'host-network': ['--network', 'host'],
  'no-capabilities': ['--cap-drop', 'ALL'],
  exec: [],
};
/** With a single id there is no other user. */
const modesOf = (who: Identity) => Object.keys(MODES).filter((mode) => who.name !== 'single' || mode !== 'user');
const golden = (name: string) => inCheckout('test/integration/isolation/golden', `${name}.txt`);

for (const who of identities()) {
  const socket = `tsrun-canary-${who.name}-${process.pid}`;

  describeLife(who, 'what a process sees and may do', (life) => {
    for (const mode of modesOf(who)) {
      it(`in the mode ${mode} is what its golden file says, and nothing of what lies around tsrun`, async () => {
        const { code, stdout, stderr } = await seen(life(), mode);
        assert.deepEqual([code, stderr], [0, '']);
        assertNoCanary(stdout, mode);
        const limits = (await life().box.command(['cat', '/proc/self/limits']).finished).stdout;
        const text = normalised(stdout, limits);
        const file = golden(`${who.name}.${mode}`);
        if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, text);
        assert.ok(existsSync(file), 'there is no golden file: see UPDATE_GOLDEN in this test');
        assert.equal(text, readFileSync(file, 'utf8'));
      });
    }

    it('outside would be all that is planted', async () => {
      const program = await programOf();
      const { stdout, stderr } = await around(life(), program, ...looking(socket));
      assert.equal(stderr, '');
      for (const found of [
        `environment ${CANARY.variable}`,
        'socket abstract ok',
        `attribute hostname ${hostname()}`,
        'descriptor 7 socket both',
        'descriptor 23 /etc/passwd read',
      ])
        assert.ok(stdout.includes(`${found}\n`), found);
      // A container that this runs in may have no keys.
      assert.match(stdout, /^keyring search (ok|EPERM|ENOSYS)$/m);
      if (process.getuid?.() === 0) assert.match(stdout, new RegExp(`^ids groups ${CANARY.group}$`, 'm'));
    });
  });

  /** Runs words as the identity with all canaries around them. Who has one id cannot drop groups: SECURITY.md says so. */
  function around(life: Life, ...words: string[]): Promise<Finished> {
    const { env, home } = life.box;
    return programOf().then(
      (program) =>
        start([...planted(program, socket, who), ...words], { cwd: home, env: { ...env, [CANARY.variable]: 'secret' } }).finished,
    );
  }

  async function seen(life: Life, mode: string): Promise<Finished> {
    const { box, image } = life;
    const flags = ['--network', 'none', ...(MODES[mode] ?? []), '-v', `${await programOf()}:/probe:ro`];
    const look = ['/probe', ...looking(socket)];
    if (mode !== 'exec') return around(life, box.program, 'run', '--rm', ...flags, image, ...look);
    const id = (await life.ok('run', '-d', ...flags, image, 'sleep', '600')).trim();
    return around(life, box.program, 'exec', id, ...look);
  }

  function assertNoCanary(stdout: string, mode: string): void {
    const about = (word: string) => stdout.split('\n').filter((line) => line.startsWith(`${word} `));
    assert.ok(!about('environment').includes(`environment ${CANARY.variable}`));
    assert.match(about('keyring search').join(), /(EPERM|ENOKEY|ENOSYS)$/);
    assert.ok(about('descriptor').length === 3, about('descriptor').join());
    if (who.name !== 'single') assert.doesNotMatch(about('ids').join(), /\b(4711|65534)\b/);
    // The host's network has its abstract sockets, as SECURITY.md says: none of them is tsrun's own (CVE-2020-15257). No other has any.
    const sockets = about('socket seen').filter((line) => mode !== 'host-network' || /tsrun(?!-canary)/.test(line));
    assert.deepEqual(sockets, []);
    assert.equal(about('socket abstract').join(), `socket abstract ${mode === 'host-network' ? 'ok' : 'ECONNREFUSED'}`);
  }
}

describe('the golden files', () => {
  it('are those of the modes', () => {
    const expected = (['root', 'range', 'single'] as const).flatMap((name) =>
      modesOf({ name } as Identity).map((mode) => `${name}.${mode}.txt`),
    );
    assert.deepEqual(readdirSync(inCheckout('test/integration/isolation/golden')).sort(), expected.sort());
  });
});
