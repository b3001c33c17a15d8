import assert from 'node:assert/strict';
import { test } from 'node:test';
import { identities, loginEnvironment } from './identity.js';
import { COOKED, openTerminal } from './pty.js';

for (const who of identities()) {
  const env = loginEnvironment(who, '/');
  const options = { as: who, cwd: '/', env };
  test(`as ${who.name}: a command has a terminal of its own that is typed into and read`, { skip: who.unavailable ?? false }, async () => {
    const terminal = await openTerminal(['sh', '-c', 'test -t 0 && test -t 1 && tty && read word && echo "got $word" && exit 3'], options);
    await terminal.waitFor(/\/dev\/pts\/\d+/);
    terminal.type('hello\r');
    const { code } = await terminal.finished;
    assert.equal(code, 3);
    assert.match(terminal.screen().text, /hello\ngot hello/);
  });
}

const options = { env: loginEnvironment({ name: 'root', user: 'root', uid: 0, gid: 0 }, '/') };

test('a resized window reaches the command as SIGWINCH', async () => {
  const script = 'trap "stty size; exit 0" WINCH; stty size; while :; do sleep 0.05; done';
  const terminal = await openTerminal(['bash', '-c', script], { ...options, rows: 30, columns: 100 });
  await terminal.waitFor(/30 100/);
  terminal.resize(41, 123);
  await terminal.waitFor(/41 123/);
  assert.equal((await terminal.finished).code, 0);
});

test('^C interrupts, and the exit status tells the signal', async () => {
  const terminal = await openTerminal(['sh', '-c', 'echo ready; exec sleep 30'], options);
  await terminal.waitFor(/ready/);
  terminal.type('\x03');
  assert.equal((await terminal.finished).code, 130);
});

test('the modes tell a raw terminal from one that was restored', async () => {
  const terminal = await openTerminal(['sh', '-c', 'stty raw -echo; echo raw; read x; stty sane; echo sane; read x'], options);
  await terminal.waitFor(/raw/);
  assert.deepEqual(await terminal.modes(), []);
  terminal.type('\n');
  await terminal.waitFor(/sane/);
  assert.deepEqual(await terminal.modes(), COOKED);
  terminal.type('\r');
  await terminal.finished;
});

test('all output arrives, however late it is read', async () => {
  const terminal = await openTerminal(['sh', '-c', 'seq 1 20000'], options);
  await terminal.finished;
  assert.equal(terminal.screen().lines[19_999], '20000');
});
