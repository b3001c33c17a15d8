/** The user's credentials, from the files of `docker login` and `podman login`. Their contents never reach an error. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { TsrunError } from '../errors.js';
import { DEFAULT_REGISTRY } from '../reference/name.js';
import type { RegistryReference } from '../reference/parse.js';
import { parseJson, property } from './body.js';

export interface Credentials {
  user: string;
  password: string;
}

export interface Found {
  credentials?: Credentials;
  /** A helper (credsStore, credHelpers) that is configured for this registry. It is not asked. */
  helper?: string;
}

/** How to: tsrun has no login of its own yet. */
export const LOG_IN = 'log in with `docker login` or `podman login`, whose files tsrun reads';

const LARGEST = 1024 * 1024;

/** The first file with an entry for the registry (podman: or for a namespace in it) decides. Missing files count as empty. */
export async function findCredentials(ref: RegistryReference, env: NodeJS.ProcessEnv): Promise<Found> {
  let helper: string | undefined;
  for (const path of authFiles(env)) {
    const config = await readConfig(path);
    const entry = entryFor(property(config, 'auths'), ref);
    const credentials = entry === undefined ? undefined : credentialsOf(entry.value, path, entry.key);
    if (credentials) return { credentials };
    helper ??= helperFor(config, ref);
  }
  return helper === undefined ? {} : { helper };
}

/** REGISTRY_AUTH_FILE alone when it is set; else podman's files, then docker's (containers-auth.json(5), docker-login(1)). */
function authFiles(env: NodeJS.ProcessEnv): string[] {
  const named = env['REGISTRY_AUTH_FILE'];
  if (named) return [named];
  const home = env['HOME'];
  const runtime = env['XDG_RUNTIME_DIR'];
  const config = env['XDG_CONFIG_HOME'] || (home ? join(home, '.config') : undefined);
  const docker = env['DOCKER_CONFIG'] || (home ? join(home, '.docker') : undefined);
  const podman = [runtime, config].flatMap((folder) => (folder ? [join(folder, 'containers', 'auth.json')] : []));
  const dockers = docker === undefined ? [] : [join(docker, 'config.json')];
  // DOCKER_CONFIG says which: it goes first
  return env['DOCKER_CONFIG'] ? [...dockers, ...podman] : [...podman, ...dockers];
}

async function readConfig(path: string): Promise<unknown> {
  let bytes: Buffer;
  try {
    if ((await stat(path)).size > LARGEST) throw invalid(path, `is larger than ${LARGEST} bytes`);
    bytes = await readFile(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    if (error instanceof TsrunError) throw error;
    throw invalid(path, `cannot be read (${code ?? 'unknown error'})`);
  }
  const config = bytes.length === 0 ? {} : parseJson(bytes);
  if (typeof config !== 'object' || config === null || Array.isArray(config)) throw invalid(path, 'is not a JSON object');
  return config;
}

/** docker's keys: `host[:port]`, or a URL as `https://index.docker.io/v1/`. podman's: also `host/namespace/name`, the longest first. */
function entryFor(auths: unknown, ref: RegistryReference): { key: string; value: unknown } | undefined {
  const parts = ref.repository.split('/');
  const scoped = parts.map((_, index) => `${ref.registry}/${parts.slice(0, parts.length - index).join('/')}`);
  const isHub = ref.registry === DEFAULT_REGISTRY;
  const hosts = isHub ? ['index.docker.io', 'docker.io', 'registry-1.docker.io'] : [ref.registry];
  const urls = hosts.flatMap((host) =>
    [`https://${host}`, `http://${host}`].flatMap((url) => ['/v1/', '/v2/', '/v1', '/v2', '/', ''].map((end) => url + end)),
  );
  for (const key of [...scoped, ...hosts, ...urls]) {
    const value = property(auths, key);
    if (value !== undefined) return { key, value };
  }
  return undefined;
}

function helperFor(config: unknown, ref: RegistryReference): string | undefined {
  const hosts = ref.registry === DEFAULT_REGISTRY ? ['https://index.docker.io/v1/', 'docker.io', 'index.docker.io'] : [ref.registry];
  const names = [...hosts.map((host) => property(property(config, 'credHelpers'), host)), property(config, 'credsStore')];
  return names.find((name): name is string => typeof name === 'string' && /^[A-Za-z0-9_.-]{1,64}$/.test(name));
}

/** Undefined for `{}`: docker writes that when a credential helper holds the secret. */
function credentialsOf(entry: unknown, path: string, key: string): Credentials | undefined {
  if (typeof entry !== 'object' || entry === null) throw invalid(path, `has an entry for ${key} that is not an object`);
  if (property(entry, 'identitytoken') || property(entry, 'registrytoken')) throw identityToken(path, key);
  const auth = property(entry, 'auth');
  if (typeof auth === 'string' && auth !== '') {
    const text = /^[A-Za-z0-9+/_-]*={0,2}\s*$/.test(auth) ? Buffer.from(auth, 'base64').toString('utf8') : '';
    const colon = text.indexOf(':');
    if (colon < 1) throw invalid(path, `has an entry for ${key} whose auth is not base64 of USER:PASSWORD`);
    // docker cuts trailing NUL bytes off
    const user = text.slice(0, colon);
    if (user === '<token>') throw identityToken(path, key);
    return { user, password: text.slice(colon + 1).replace(/\0+$/, '') };
  }
  const user = property(entry, 'username');
  const password = property(entry, 'password');
  return typeof user === 'string' && typeof password === 'string' && user !== '' ? { user, password } : undefined;
}

function identityToken(path: string, key: string): TsrunError {
  return new TsrunError(
    'ERR_TSRUN_CREDENTIALS_INVALID',
    `the login for ${key} in ${path} is an identity token, which is not supported yet`,
    {
      subject: path,
      hint: `${LOG_IN}: with a user name and a password or access token`,
    },
  );
}

function invalid(path: string, what: string): TsrunError {
  return new TsrunError('ERR_TSRUN_CREDENTIALS_INVALID', `${path} ${what}`, {
    subject: path,
    hint: 'correct the file, or write it anew with `docker login` or `podman login`',
  });
}
