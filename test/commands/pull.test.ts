import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { COOKED, openTerminal } from '../harness/pty.js';
import { line, newStore } from './command.js';

describe('a pull from a registry that does not answer', () => {
  const server = createServer(() => {});
  before(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  const image = () => `127.0.0.1:${(server.address() as AddressInfo).port}/slow:v1`;

  it('says at once what it does, and ^C ends it with 130 and the terminal as it was', async () => {
    const terminal = await openTerminal(line(['pull', image()]), { env: newStore().env });
    await terminal.waitFor(/slow:v1: resolving/);
    assert.match(terminal.output(), /\[\?25l/);
    const typed = performance.now();
    terminal.type('\x03');
    assert.equal((await terminal.finished).code, 130);
    assert.ok(performance.now() - typed < 2000);
    assert.ok(terminal.output().lastIndexOf('[?25h') > terminal.output().lastIndexOf('[?25l'));
  });

  it('leaves the modes of the terminal alone', async () => {
    const script = '"$@"; echo "ended with $?"; read end';
    const terminal = await openTerminal(['sh', '-c', `trap : INT; ${script}`, 'sh', ...line(['pull', image()])], { env: newStore().env });
    await terminal.waitFor(/resolving/);
    terminal.type('\x03');
    await terminal.waitFor(/ended with 130/);
    assert.deepEqual(await terminal.modes(), COOKED);
    terminal.type('\r');
    await terminal.finished;
  });
});

describe('a pull of what is no image', () => {
  const { tsrun } = newStore();

  it('says nothing before it has looked at the name, and never a password', async () => {
    for (const image of ['', 'ada:swordfish@127.0.0.1/app']) {
      const { code, stdout, stderr } = await tsrun(['pull', image]);
      assert.deepEqual([code, stdout], [125, '']);
      assert.match(stderr, /^tsrun: .* is not an image reference: .*\n$/);
      assert.doesNotMatch(stderr, /swordfish/);
    }
  });
});
