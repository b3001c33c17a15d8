/** Passwords and the values of the caller's own variables: in no output, no plan, and no file but the one that has to hold them. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { busyboxImage } from '../../harness/images.js';
import { execute, type Finished } from '../../harness/process.js';
import { openTerminal } from '../../harness/pty.js';
import { sandbox } from '../../harness/tsrun.js';
import { listening, serve } from '../../registry/fake-server.js';
import { helperProgram } from '../../registry/helper-program.js';
import { ordinary } from './surroundings.js';

const PASSWORD = 'correct-horse-battery';
const BASIC = Buffer.from(`ada:${PASSWORD}`).toString('base64');
/** In every spelling in which it travels. */
const SECRET = new RegExp([PASSWORD, encodeURIComponent(PASSWORD), BASIC, BASIC.replace(/=+$/, '')].join('|'), 'i');
/** The ways of asking for more words. */
const LOUD = [['--debug'], ['--json', '--debug']];

function assertKept({ stdout, stderr }: Finished, where: string): void {
  assert.doesNotMatch(stdout, SECRET, where);
  assert.doesNotMatch(stderr, SECRET, where);
}

describe(`secrets, as ${ordinary.name}`, { skip: ordinary.unavailable ?? false }, () => {
  const place = sandbox(ordinary);
  let image: string;
  before(async () => {
    image = (await busyboxImage()).reference;
    assert.equal((await place.tsrun(['run', '-q', '--rm', image, 'true'])).code, 0);
  });
  /** Files below the store that hold it, without the store's path. */
  const filesWithSecret = async () => {
    const { stdout } = await execute(['grep', '-rlE', SECRET.source, place.root, place.runRoot]);
    return stdout
      .split('\n')
      .filter(Boolean)
      .map((path) => path.slice(place.directory.length));
  };

  describe('of config.json', () => {
    const answers: [name: string, answer: RequestListener][] = [
      [
        '401 with what it was sent',
        (request, response) =>
          response
            .writeHead(401, { 'www-authenticate': `Basic realm="${request.headers.authorization ?? 'r'}"` })
            .end(echoOf(request.headers.authorization)),
      ],
      ['403 with the password in its words', (_, response) => response.writeHead(403).end(echoOf(PASSWORD))],
      [
        '500 with the header in its words',
        (request, response) => response.writeHead(500, { 'retry-after': '9999' }).end(echoOf(request.headers.authorization)),
      ],
      [
        'a manifest that is the password',
        (_, response) => response.writeHead(200, { 'content-type': 'application/vnd.oci.image.manifest.v1+json' }).end(PASSWORD),
      ],
    ];
    for (const [name, answer] of answers) {
      it(`are not repeated from a registry that answers ${name}`, async () => {
        let asked = false;
        await using registry = await serve((request, response) => {
          if (request.headers.authorization === undefined)
            return void response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end();
          asked = true;
          answer(request, response);
        });
        login(place.home, registry.host, BASIC);
        for (const flags of LOUD) {
          const finished = await place.tsrun(['run', ...flags, `${registry.host}/team/app`], { env: { TSRUN_DEBUG: '1' } });
          assert.equal(finished.code, 125);
          assertKept(finished, flags.join(' '));
        }
        assert.ok(asked, 'the registry was told');
      });
    }

    it('are not shown when the file itself is wrong', async () => {
      await using registry = await serve((_, response) => response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end());
      for (const auth of [`${BASIC}!`, `*${PASSWORD}`]) {
        login(place.home, registry.host, auth);
        const finished = await place.tsrun(['run', '--debug', `${registry.host}/team/app`]);
        assert.match(finished.stderr, /config\.json has an entry for 127\.0\.0\.1:\d+ whose auth is not base64/);
        assertKept(finished, auth);
      }
      writeFileSync(join(place.home, '.docker/config.json'), `{"auths": ${PASSWORD}`);
      const broken = await place.tsrun(['run', '--debug', `${registry.host}/team/app`]);
      assert.match(broken.stderr, /config\.json is not a JSON object/);
      assertKept(broken, 'broken JSON');
      login(place.home, 'nowhere.example', '');
    });
  });

  it('of --creds, of a login and of a credential helper are repeated by nobody, and kept nowhere when they are refused', async () => {
    await using registry = await serve((request, response) =>
      response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end(echoOf(request.headers.authorization)),
    );
    const image = `${registry.host}/team/app`;
    const helpers = ['good', 'bad'].map((name) =>
      helperProgram(name, `echo '{"Username":"ada","Secret":"${PASSWORD}"}'; exit ${name === 'good' ? 0 : 1}`),
    );
    const env = { TSRUN_DEBUG: '1', PATH: [...helpers.map(({ directory }) => directory), place.env['PATH']].join(':') };
    const lines: [args: string[], input?: string][] = [
      [['run', '--creds', `ada:${PASSWORD}`, image]],
      [['pull', '--json', '--creds', `:${PASSWORD}`, image]],
      [['login', '-u', 'ada', '-p', PASSWORD, registry.host]],
      [['login', '--json', '-u', 'ada', '--password-stdin', registry.host], `${PASSWORD}\n`],
      [['login', `ada:${PASSWORD}@${registry.host}`]],
    ];
    for (const [args, input = ''] of lines) {
      const finished = await place.tsrun([args[0] ?? '', '--debug', ...args.slice(1)], { env, input });
      assert.equal(finished.code, 125, finished.stderr);
      assertKept(finished, args.join(' '));
    }
    for (const credsStore of ['good', 'bad']) {
      writeFileSync(join(place.home, '.docker/config.json'), JSON.stringify({ credsStore }));
      const finished = await place.tsrun(['pull', '--debug', image], { env });
      assert.match(
        finished.stderr,
        credsStore === 'good' ? /not found, or private/ : /docker-credential-bad failed to get: it gave no reason/,
      );
      assertKept(finished, credsStore);
    }
    assert.ok(
      registry.requests.some(({ headers }) => headers.authorization === `Basic ${BASIC}`),
      'the registry was told',
    );
    assert.deepEqual(await filesWithSecret(), []);
    const { stdout } = await execute(['grep', '-rlE', SECRET.source, place.home]);
    assert.equal(stdout, '');
    login(place.home, 'nowhere.example', '');
  });

  it('of a proxy’s URL are not shown, whether it refuses, is not there, or is no URL', async () => {
    const server = createServer().on('connect', (_, socket) => socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n'));
    await using proxy = await listening(server, 'http');
    const proxies = [
      `http://ada:${PASSWORD}@${proxy.host}`,
      `http://ada:${PASSWORD}@127.0.0.1:1`,
      `socks5://ada:${PASSWORD}@127.0.0.1:1`,
      `http://ada:${PASSWORD}@:x`,
      `http://ada:%zz${PASSWORD}@h`,
    ];
    for (const HTTPS_PROXY of proxies) {
      const finished = await place.tsrun(['run', '--debug', 'registry.example/team/app'], { env: { HTTPS_PROXY } });
      assert.equal(finished.code, 125);
      assertKept(finished, HTTPS_PROXY);
      assert.match(finished.stderr, /proxy|HTTPS_PROXY/i);
    }
  });

  describe('of the caller’s environment', () => {
    const env = { TOKEN: PASSWORD };
    const copied = ['-e', 'TOKEN'];

    it('reach the container', async () => {
      const { stdout } = await place.tsrun(['run', '--rm', ...copied, image, 'sh', '-c', 'echo $TOKEN'], { env });
      assert.equal(stdout, `${PASSWORD}\n`);
    });

    it('are slots in the plan that --dry-run prints', async () => {
      const finished = await place.tsrun(['run', '--dry-run', ...copied, image, 'true'], { env });
      assert.equal(finished.code, 0);
      assert.match(finished.stdout, /TOKEN=\{env:TOKEN\}/);
      assertKept(finished, 'the plan');
    });

    it('are not in any failure, and nothing on disk holds them afterwards', async () => {
      for (const flags of LOUD) {
        for (const failing of [['nope'], ['/etc']]) {
          const finished = await place.tsrun(['run', ...flags, ...copied, image, ...failing], { env: { ...env, TSRUN_DEBUG: '1' } });
          assert.ok([126, 127].includes(finished.code ?? 0));
          assertKept(finished, failing.join(' '));
        }
        assertKept(await place.tsrun(['run', ...flags, ...copied, '-w', '/etc/passwd', image], { env }), '-w');
      }
      assert.deepEqual(await filesWithSecret(), []);
    });

    it('lie in the config.json of a container that is kept, for its owner alone, and nowhere else', async () => {
      assert.equal((await place.tsrun(['run', '--name', 'kept', ...copied, image, 'true'], { env })).code, 0);
      const files = await filesWithSecret();
      assert.equal(files.length, 1);
      assert.match(files[0] ?? '', /^\/root\/v1\/containers\/[0-9a-f]{64}\/config\.json$/);
      const { stdout: mode } = await execute(['stat', '-c', '%a', join(place.directory, files[0] ?? '')]);
      assert.equal(mode.trim(), '600');
      assertKept(await place.tsrun(['ps', '-a', '--no-trunc']), 'ps');
      assertKept(await place.tsrun(['ps', '-a', '--json']), 'ps --json');
      assert.equal((await place.tsrun(['rm', 'kept'])).code, 0);
      assert.deepEqual(await filesWithSecret(), []);
    });

    it('are not on the screen, nor in the arguments of any process that runs meanwhile', async () => {
      const terminal = await openTerminal([place.program, 'run', '--rm', ...copied, image, 'sh', '-c', 'echo ready; read line'], {
        as: ordinary,
        env: { ...place.env, ...env },
        cwd: place.home,
      });
      await terminal.waitFor(/ready/);
      const { stdout: processes } = await execute(['ps', '-eo', 'args']);
      assert.match(processes, /run --rm -e TOKEN/);
      assert.doesNotMatch(processes, SECRET);
      terminal.type('\r');
      assert.equal((await terminal.finished).code, 0);
      assert.doesNotMatch(terminal.output(), SECRET);
    });
  });
});

function echoOf(text = ''): string {
  return JSON.stringify({
    errors: [{ code: 'DENIED', message: `you sent ${text}, that is ${Buffer.from(text.replace('Basic ', ''), 'base64')}` }],
  });
}

function login(home: string, host: string, auth: string): void {
  mkdirSync(join(home, '.docker'), { recursive: true });
  writeFileSync(join(home, '.docker/config.json'), JSON.stringify({ auths: { [host]: { auth } } }));
}
