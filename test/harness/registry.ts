/** Debian's docker-registry on a loopback port of its own: the real thing, for pulls over real HTTP. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { succeed } from './process.js';
import { removeTemporary, temporaryDirectory } from './temporary.js';

/** The only account of a registry that was started with `account: true`. */
export const ACCOUNT = { user: 'ada', password: 'swordfish' };
/** bcrypt, the only kind the registry reads, of the password above with the lowest cost. */
const HTPASSWD = `${ACCOUNT.user}:$2b$04$abcdefghijklmnopqrstuugIEnm3ZbWF6xb2GcoE3L1CoGJFMKtu.\n`;

export interface Registry extends AsyncDisposable {
  /** 127.0.0.1:PORT */
  readonly host: string;
  /** Everything it has logged, requests too. */
  log(): string;
  /**
   * Copies an image in by skopeo.
   * @param source in skopeo's words: `oci:DIR:TAG`, `docker-archive:FILE` …
   * @param name `repository:tag`
   * @returns the reference to pull
   */
  push(source: string, name: string, options?: { format?: 'oci' | 'v2s2'; all?: boolean }): Promise<string>;
  stop(): Promise<void>;
}

/** Starts one; it ends with the test process, or earlier by `await using`. */
export async function startRegistry({ account = false } = {}): Promise<Registry> {
  const directory = temporaryDirectory();
  const host = `127.0.0.1:${await freePort()}`;
  const config = join(directory, 'config.json');
  const logFile = join(directory, 'log');
  writeFileSync(join(directory, 'htpasswd'), HTPASSWD);
  // JSON is YAML.
  writeFileSync(config, JSON.stringify(configuration(directory, host, account)));
  const output = openSync(logFile, 'a');
  const child = spawn('docker-registry', ['serve', config], { stdio: ['ignore', output, output], env: { PATH: process.env['PATH'] } });
  closeSync(output);
  const kill = () => child.kill('SIGKILL');
  process.on('exit', kill);
  const stop = async () => {
    process.off('exit', kill);
    if (child.exitCode === null && child.signalCode === null && child.kill('SIGKILL')) await once(child, 'close');
    removeTemporary(directory);
  };
  const log = () => readFileSync(logFile, 'utf8');
  await answers(host, child, log);
  return {
    host,
    log,
    push: async (source, name, { format = 'oci', all = false } = {}) => {
      const credentials = account ? ['--dest-creds', `${ACCOUNT.user}:${ACCOUNT.password}`] : [];
      const options = ['--quiet', '--dest-tls-verify=false', '--format', format, ...(all ? ['--all'] : []), ...credentials];
      await succeed(['skopeo', '--insecure-policy', 'copy', ...options, source, `docker://${host}/${name}`], { timeoutMs: 180_000 });
      return `${host}/${name}`;
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function configuration(directory: string, host: string, account: boolean): object {
  return {
    version: 0.1,
    log: { level: 'info', accesslog: { disabled: false } },
    storage: { filesystem: { rootdirectory: join(directory, 'storage') }, delete: { enabled: true } },
    http: { addr: host, secret: 'of no use to anyone' },
    ...(account && { auth: { htpasswd: { realm: 'tests', path: join(directory, 'htpasswd') } } }),
  };
}

/** A port that was free a moment ago; the registry cannot choose one itself and tell. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

async function answers(host: string, child: ChildProcess, log: () => string): Promise<void> {
  let failure: Error | undefined;
  child.on('error', (error) => {
    failure = error;
  });
  for (const deadline = Date.now() + 15_000; Date.now() < deadline; await pause(20)) {
    if (failure || child.exitCode !== null) break;
    const response = await fetch(`http://${host}/v2/`).catch(() => undefined);
    if (response?.status === 200 || response?.status === 401) return;
  }
  child.kill('SIGKILL');
  throw new Error(`docker-registry did not start: ${failure?.message ?? ''}\n${log()}`);
}
