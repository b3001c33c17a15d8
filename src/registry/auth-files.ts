/**
 * The files in which logins are kept: docker's config.json and podman's auth.json (docker-login(1), containers-auth.json(5)). What is
 * secret in them never reaches an error.
 */
import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { TsrunError } from '../errors.js';
import { isPrivateDirectory } from '../paths.js';
import { DEFAULT_REGISTRY } from '../reference/name.js';
import type { RegistryReference } from '../reference/parse.js';
import { parseJson, property } from './body.js';

/** What proves who the user is: a password, a token that is exchanged for others (OAuth 2's refresh token), or one that is sent as it is. */
export type Credentials = { user: string; password: string } | { identityToken: string; user?: string } | { registryToken: string };

export interface AuthFile {
  path: string;
  /** '' for a file that is not there */
  text: string;
  config: unknown;
}

/** A credential helper and the words by which it is asked about a registry. */
export interface Helper {
  name: string;
  server: string;
  from: 'credHelpers' | 'credsStore';
}

/** docker's own name for docker.io, in its files and to its helpers. */
export const HUB_KEY = 'https://index.docker.io/v1/';
const HUB_HOSTS = ['index.docker.io', DEFAULT_REGISTRY, 'registry-1.docker.io'];
const LARGEST = 1024 * 1024;
const HELPER_NAME = /^[A-Za-z0-9_.-]{1,64}$/;

/** In the order in which they are read. REGISTRY_AUTH_FILE alone when it is set; DOCKER_CONFIG says which, so it goes before podman's. */
export function authFiles(env: NodeJS.ProcessEnv): string[] {
  const named = env['REGISTRY_AUTH_FILE'];
  if (named) return [named];
  const runtime = env['XDG_RUNTIME_DIR'];
  // podman's for root, who has no such directory when nobody logged in as him
  const ofRoot = process.getuid?.() === 0 ? '/run/containers/0/auth.json' : undefined;
  // It survives su and sudo: another user's helpers would be run, and his logins used
  const isOurs = runtime && isPrivateDirectory(runtime, process.getuid?.() ?? 0);
  const volatile = isOurs ? join(runtime, 'containers', 'auth.json') : ofRoot;
  const { podman, docker } = lastingFiles(env);
  const podmans = [volatile, podman].filter((path) => path !== undefined);
  const dockers = [docker].filter((path) => path !== undefined);
  return env['DOCKER_CONFIG'] ? [...dockers, ...podmans] : [...podmans, ...dockers];
}

function lastingFiles(env: NodeJS.ProcessEnv): { podman?: string; docker?: string } {
  const home = env['HOME'];
  const config = env['XDG_CONFIG_HOME'] || (home ? join(home, '.config') : undefined);
  const docker = env['DOCKER_CONFIG'] || (home ? join(home, '.docker') : undefined);
  return {
    ...(config === undefined ? {} : { podman: join(config, 'containers', 'auth.json') }),
    ...(docker === undefined ? {} : { docker: join(docker, 'config.json') }),
  };
}

/**
 * Where a new login goes when no file is named and no helper is configured: docker's file where there is one (podman reads it as well),
 * else podman's of the two that outlives a reboot.
 * @param whole false: for a namespace of a registry, which in docker's file nobody looks for
 */
export function lastingFile(env: NodeJS.ProcessEnv, whole: boolean): string {
  const { podman, docker } = lastingFiles(env);
  const dockers = docker !== undefined && (env['DOCKER_CONFIG'] || (whole && existsSync(docker)));
  const file = dockers ? docker : podman;
  if (file !== undefined) return file;
  throw new TsrunError('ERR_TSRUN_USAGE', 'there is no place for logins: HOME is not set', {
    hint: 'set HOME, or name a file with --authfile',
  });
}

/**
 * A missing or empty file counts as `{}`.
 * @param open where it is open already
 * @throws ERR_TSRUN_CREDENTIALS_INVALID
 */
export async function readAuthFile(path: string, open = path): Promise<AuthFile> {
  let bytes: Buffer;
  try {
    if ((await stat(open)).size > LARGEST) throw invalid(path, `is larger than ${LARGEST} bytes`);
    bytes = await readFile(open);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return { path, text: '', config: {} };
    if (error instanceof TsrunError) throw error;
    throw invalid(path, `cannot be read (${code ?? 'unknown error'})`);
  }
  const config = bytes.length === 0 ? {} : parseJson(bytes);
  if (typeof config !== 'object' || config === null || Array.isArray(config)) throw invalid(path, 'is not a JSON object');
  return { path, text: bytes.toString('utf8'), config };
}

/**
 * The keys of `auths` that are this registry's, the one that counts first. docker's: `host[:port]`, or a URL such as HUB_KEY, whose path
 * says nothing. podman's: also `host/namespace/name`, the longest first.
 */
export function keysOf(auths: unknown, { registry, repository }: Pick<RegistryReference, 'registry' | 'repository'>): string[] {
  const parts = repository === '' ? [] : repository.split('/');
  const scoped = parts.map((_, index) => `${registry}/${parts.slice(0, parts.length - index).join('/')}`);
  return [...scoped.filter((key) => property(auths, key) !== undefined), ...hostKeys(auths, registry)];
}

/** Without those of a namespace. */
export function hostKeys(auths: unknown, registry: string): string[] {
  const hosts = registry === DEFAULT_REGISTRY ? HUB_HOSTS : [registry];
  const names = typeof auths === 'object' && auths !== null ? Object.keys(auths) : [];
  const urls = names.filter((key) => hosts.includes(/^https?:\/\/([^/]*)/.exec(key)?.[1] ?? ''));
  const usual = urls.filter((key) => /^https:\/\/[^/]*(?:\/v[12])?\/?$/.test(key));
  return [...new Set([...hosts.filter((host) => names.includes(host)), ...usual, ...urls])];
}

/** The one of credHelpers, or that of all registries. `''` in credHelpers is docker's way to except one from credsStore. */
export function helperFor({ path, config }: AuthFile, registry: string): Helper | undefined {
  const servers = registry === DEFAULT_REGISTRY ? [HUB_KEY, ...HUB_HOSTS] : [registry];
  const own = servers.map((server) => [server, property(property(config, 'credHelpers'), server)] as const);
  const [server, name] = own.find(([, value]) => value !== undefined) ?? [];
  if (server !== undefined) return name === '' ? undefined : { name: checkHelperName(name, path), server, from: 'credHelpers' };
  const store = property(config, 'credsStore');
  if (store === undefined || store === '') return undefined;
  return { name: checkHelperName(store, path), server: servers[0] as string, from: 'credsStore' };
}

function checkHelperName(name: unknown, path: string): string {
  if (typeof name === 'string' && HELPER_NAME.test(name)) return name;
  throw invalid(path, 'names a credential helper that is not a name of letters, digits, "_", "." and "-"');
}

/** The first of the keys that holds something; `{}` is what docker writes when a helper has the secret. */
export function credentialsIn(
  { path, config }: AuthFile,
  ref: Pick<RegistryReference, 'registry' | 'repository'>,
): Credentials | undefined {
  const auths = property(config, 'auths');
  for (const key of keysOf(auths, ref)) {
    const credentials = credentialsOf(property(auths, key), path, key);
    if (credentials !== undefined) return credentials;
  }
  return undefined;
}

function credentialsOf(entry: unknown, path: string, key: string): Credentials | undefined {
  if (typeof entry !== 'object' || entry === null) throw invalid(path, `has an entry for ${key} that is not an object`);
  const token = property(entry, 'registrytoken');
  if (typeof token === 'string' && token !== '') return { registryToken: checkToken(token, path, key) };
  const basic = passwordOf(entry, path, key);
  const identity = property(entry, 'identitytoken');
  if (typeof identity !== 'string' || identity === '') return basic && asCredentials(basic.user, basic.password);
  checkToken(identity, path, key);
  return basic === undefined || basic.user === TOKEN_USER ? { identityToken: identity } : { identityToken: identity, user: basic.user };
}

/** The user's name by which a secret says that it is an identity token. */
const TOKEN_USER = '<token>';

export function asCredentials(user: string, secret: string): Credentials {
  return user === TOKEN_USER ? { identityToken: secret } : { user, password: secret };
}

function checkToken(token: string, path: string, key: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw invalid(path, `has an entry for ${key} whose token has characters that no token has`);
}

function passwordOf(entry: object, path: string, key: string): { user: string; password: string } | undefined {
  const auth = property(entry, 'auth');
  if (typeof auth === 'string' && auth !== '') {
    const text = /^[A-Za-z0-9+/_-]*={0,2}\s*$/.test(auth) ? Buffer.from(auth, 'base64').toString('utf8') : '';
    const colon = text.indexOf(':');
    if (colon < 1) throw invalid(path, `has an entry for ${key} whose auth is not base64 of USER:PASSWORD`);
    // docker cuts trailing NUL bytes off
    return { user: text.slice(0, colon), password: text.slice(colon + 1).replace(/\0+$/, '') };
  }
  const user = property(entry, 'username');
  const password = property(entry, 'password');
  return typeof user === 'string' && typeof password === 'string' && user !== '' ? { user, password } : undefined;
}

function invalid(path: string, what: string): TsrunError {
  return new TsrunError('ERR_TSRUN_CREDENTIALS_INVALID', `${path} ${what}`, {
    subject: path,
    hint: 'correct the file, or write it anew with `tsrun login`',
  });
}
