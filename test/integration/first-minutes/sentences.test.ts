/** The sentences of the first five minutes as a person sees them: on a real terminal, the last thing there, as whoever it is. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { identities } from '../../harness/identity.js';
import { busyboxTar } from '../../harness/images.js';
import { writeLayout } from '../../harness/layout.js';
import { leftovers } from '../../harness/leftovers.js';
import { COOKED, openTerminal } from '../../harness/pty.js';
import { startRegistry } from '../../harness/registry.js';
import { temporaryDirectory } from '../../harness/temporary.js';
import { type Sandbox, sandbox } from '../../harness/tsrun.js';
import { archive, file } from '../../layer/tar-builder.js';
import { startHub } from './hub.js';
import { hubAnswers } from './hub-answers.js';
import { unprepared, within } from './surroundings.js';

/** Wide, so that a sentence is one line of the screen. */
const COLUMNS = 400;

/** Runs `tsrun WORDS` in a shell that somebody goes on using: it must end with 125, its sentence last, and leave the terminal as it was. */
async function lastLine(place: Sandbox, words: string[], env = {}, prefix: (command: string[]) => string[] = (command) => command) {
  const inShell = ['sh', '-c', '"$@"; echo "ended with $?"; read end', 'sh', place.program, ...words];
  const command = prefix(inShell);
  const as = command === inShell ? { as: place.identity } : {};
  const terminal = await openTerminal(command, { ...as, cwd: '/', env: { ...place.env, ...env }, columns: COLUMNS });
  await terminal.waitFor(/ended with \d+/);
  assert.deepEqual(await terminal.modes(), COOKED);
  terminal.type('\r');
  await terminal.finished;
  const lines = terminal.screen().lines.map((line) => line.trimEnd());
  const end = lines.findIndex((line) => line.startsWith('ended with'));
  assert.equal(lines[end], 'ended with 125', lines.join('\n'));
  assert.deepEqual(leftovers(place), { processes: [], mounts: [], directories: [] });
  return lines[end - 1] ?? '';
}

for (const who of identities()) {
  describe(`as ${who.name}, on a terminal`, { skip: who.unavailable ?? false }, () => {
    it('401 of an unknown repository, and 429, which names the limit', async () => {
      await using docker = await startHub(hubAnswers);
      await using place = sandbox(who);
      const unknown = 'tsrun: alpnie: not found, or private: check the spelling, or log in with `tsrun login`';
      for (const verb of ['run', 'pull']) assert.equal(await lastLine(place, [verb, 'alpnie'], docker.env), unknown);
      const limited =
        'tsrun: docker.io limits pulls to 100 in 6 hours: wait 1 hour and try again, or, for a higher limit, log in with `tsrun login`';
      assert.equal(await lastLine(place, ['run', 'alpine', 'sh'], docker.env), limited);
    });

    it('404 of a registry that says so', async () => {
      await using registry = await startRegistry();
      await using place = sandbox(who);
      const line = await lastLine(place, ['run', `${registry.host}/team/alpnie`]);
      // Debian's does not tell an unknown repository from an unknown tag.
      assert.equal(line, `tsrun: ${registry.host}/team/alpnie has no tag latest: check the tag, and the spelling of the image`);
    });

    it('no network', { skip: unprepared }, async () => {
      await using place = sandbox(who);
      const offline = (command: string[]) => within(place, { namespaces: ['--net'], setup: '' }, command);
      const line = await lastLine(place, ['run', 'alpine', 'sh'], {}, offline);
      assert.equal(line, 'tsrun: no network, and alpine is not in the store: check the network; behind a proxy set HTTPS_PROXY');
    });

    it('a full disk: how much is needed, where, and --root', { skip: unprepared }, async () => {
      const layout = temporaryDirectory();
      const tar = archive(file('noise', randomBytes(8 * 2 ** 20)));
      writeLayout(layout, [{ tag: 'large', layers: [{ tar: await busyboxTar() }, { tar }], config: { Cmd: ['true'] } }]);
      await using place = sandbox(who);
      const setup = `mount -t tmpfs -o size=6m,mode=0700,uid=$UID,gid=$GID tmpfs ${place.root}`;
      const line = await lastLine(place, ['run', '--rm', `oci:${layout}:large`], {}, (command) => within(place, { setup }, command));
      assert.match(line, new RegExp(`^tsrun: .*no space left in ${place.root}/.* 839\\d{4} bytes \\(8\\.0 MiB\\) are needed.*--root DIR$`));
    });
  });
}
