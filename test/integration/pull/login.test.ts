/** From login to logout with Debian's registry, as people and scripts do it. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { busyboxImage } from '../../harness/images.js';
import { COOKED, openTerminal } from '../../harness/pty.js';
import { ACCOUNT, startRegistry } from '../../harness/registry.js';
import { sandbox } from '../../harness/tsrun.js';
import { until } from '../../harness/wait.js';
import { keepingHelper } from '../../registry/helper-program.js';
import { ordinary } from '../first-minutes/surroundings.js';

const { user, password } = ACCOUNT;
const AUTH = Buffer.from(`${user}:${password}`).toString('base64');

/** How many descriptors a process or a child of it has of a file, at most. What is gone while it is looked at has none. */
function opened(pid: number, path: string): number {
  const orNothing = <T>(look: () => T, nothing: T) => {
    try {
      return look();
    } catch {
      return nothing;
    }
  };
  const fds = orNothing(() => readdirSync(`/proc/${pid}/fd`), []);
  const own = fds.filter((fd) => orNothing(() => readlinkSync(`/proc/${pid}/fd/${fd}`), '') === path);
  const children = orNothing(() => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8'), '')
    .split(' ')
    .filter(Boolean);
  return Math.max(own.length, ...children.map((child) => opened(Number(child), path)));
}

describe(`as ${ordinary.name}: an account at a registry`, { skip: ordinary.unavailable ?? false }, () => {
  it('waits for a password in a pipe no longer than its user wants', async () => {
    await using place = sandbox(ordinary);
    const script = 'mkfifo fifo; exec 3<>fifo; exec "$1" login -u ada --password-stdin 127.0.0.1:1 < fifo';
    const { child, finished } = place.command(['sh', '-c', script, 'sh', place.program]);
    assert.ok(await until(() => opened(child.pid ?? 0, join(place.home, 'fifo')) > 2), 'it reads from the pipe');
    child.kill('SIGINT');
    assert.equal((await finished).code, 130);
  });

  it('is logged in to from a pipe, at a terminal and by --creds, used, and logged out from', async () => {
    await using registry = await startRegistry({ account: true });
    const { host } = registry;
    const reference = await registry.push((await busyboxImage()).reference, 'private/busybox:v1');
    await using place = sandbox(ordinary);
    const file = join(place.home, '.config/containers/auth.json');
    const said = async (args: string[], options = {}) => {
      const { code, stdout, stderr } = await place.tsrun(args, options);
      for (const secret of [password, AUTH, 'wrong-word']) assert.ok(!`${stdout}${stderr}`.includes(secret), stderr);
      return { code, stdout, stderr };
    };

    const wrong = await said(['login', '-u', user, '--password-stdin', '--debug', host], { input: 'wrong-word\n' });
    assert.equal(wrong.code, 125);
    assert.match(wrong.stderr, /^tsrun: \S+ does not accept your credentials: check the user name and the password\n/m);
    const nobody = await said(['login', '--get-login', host]);
    assert.deepEqual([nobody.code, nobody.stderr], [125, `tsrun: not logged in to ${host}: tsrun login ${host}\n`]);

    const piped = await said(['login', '-u', user, '--password-stdin', host], { input: `${password}\n` });
    assert.deepEqual([piped.code, piped.stdout], [0, 'Login Succeeded\n']);
    assert.match(piped.stderr, /^note: the password lies unencrypted in \S+auth\.json; a credential helper/);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), { auths: { [host]: { auth: AUTH } } });
    assert.equal((await said(['login', '--get-login', host])).stdout, `${user}\n`);
    assert.deepEqual(await said(['login', host]), { code: 0, stdout: 'Login Succeeded\n', stderr: '' });
    assert.equal((await said(['pull', '-q', reference])).code, 0);
    assert.equal((await said(['logout', host])).stdout, `Removing login credentials for ${host}\n`);
    assert.equal((await said(['logout', host])).stdout, `Not logged in to ${host}\n`);

    const creds = ['--creds', `${user}:${password}`];
    assert.equal((await said(['create', '-q', '--name', 'kept', '--pull', 'always', ...creds, reference])).code, 0);
    const { stdout: holding } = await place.command(['grep', '-rlE', `${password}|${AUTH}`, place.root, place.runRoot]).finished;
    assert.equal(holding, '');
    assert.ok(!(await said(['inspect', 'kept'])).stdout.includes('creds'));
    const alone = await said(['pull', '-q', '--creds', user, reference]);
    assert.match(alone.stderr, /^tsrun: there is no terminal to ask for a password at: /);
    const other = await said(['login', '-u', user, '-p', 'wrong-word', host]);
    assert.match(other.stderr, /^note: others on this machine can see the password of -p: /);

    const options = { as: ordinary, env: place.env, cwd: place.home, columns: 200 };
    const inShell = ['sh', '-c', '"$@"; echo "ended with $?"; read end', 'sh', place.program];
    const terminal = await openTerminal([...inShell, 'login', host], options);
    await terminal.waitFor(/Username: $/);
    terminal.type(`${user}\r`);
    await terminal.waitFor(/Password: $/);
    terminal.type(`x\x15${password}x\x7f\r`);
    await terminal.waitFor(/Login Succeeded\r\nended with 0/);
    assert.deepEqual(await terminal.modes(), COOKED);
    assert.ok(!terminal.output().includes(password));
    terminal.type('\r');
    await terminal.finished;
    assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), { auths: { [host]: { auth: AUTH } } });
    assert.equal((await said(['logout', '--all'])).stdout, `Removing login credentials for ${host}\n`);

    const asked = await openTerminal([...inShell, 'run', '-q', '--rm', '--pull', 'always', '--creds', user, reference, 'true'], options);
    await asked.waitFor(/Password: $/);
    asked.type(`${password}\r`);
    await asked.waitFor(/ended with 0/);
    asked.type('\r');
    await asked.finished;
    const left = await openTerminal([...inShell, 'login', '-u', user, host], options);
    await left.waitFor(/Password: $/);
    left.type('abc\x03');
    await left.waitFor(/ended with 130/);
    assert.deepEqual(await left.modes(), COOKED);
    left.type('\r');
    await left.finished;

    const helper = keepingHelper('fake');
    const config = join(place.home, '.docker/config.json');
    await place.command(['sh', '-c', `mkdir -p .docker; echo '{"credsStore":"fake","detachKeys":"ctrl-a"}' >.docker/config.json`]).finished;
    const helped = { env: { PATH: `${helper.directory}:${place.env['PATH']}` }, input: password };
    const kept = await said(['login', '--json', '-u', user, '--password-stdin', host], helped);
    assert.deepEqual(JSON.parse(kept.stdout), { registry: host, username: user, file: config, helper: 'docker-credential-fake' });
    assert.deepEqual(JSON.parse(readFileSync(config, 'utf8')), { credsStore: 'fake', detachKeys: 'ctrl-a', auths: { [host]: {} } });
    assert.equal((await said(['pull', '-q', reference], helped)).code, 0);
    const without = await said(['pull', '--debug', reference]);
    assert.match(without.stderr, /^note: docker-credential-fake, which credsStore names, is not there: \S+ is asked without a login$/m);
    assert.match(
      without.stderr,
      /not found, or private: check the spelling, or install docker-credential-fake, which your credsStore names/,
    );
    assert.equal((await said(['logout', host], helped)).stdout, `Removing login credentials for ${host}\n`);
    assert.ok(helper.calls().every((call) => /^(?:store \{|get |erase )/.test(call)));
  });
});
