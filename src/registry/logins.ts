/** Logins, kept and given up: in which file, by which helper, under which name. */
import { basename } from 'node:path';
import { TsrunError } from '../errors.js';
import { DEFAULT_REGISTRY } from '../reference/name.js';
import { changeAuths } from './auth-file-write.js';
import {
  type AuthFile,
  authFiles,
  type Credentials,
  HUB_KEY,
  helperFor,
  hostKeys,
  keysOf,
  lastingFile,
  readAuthFile,
} from './auth-files.js';
import { property } from './body.js';
import { eraseFromHelper, getFromHelper, type HelperContext, listHelper, storeInHelper } from './credential-helper.js';
import { findCredentials } from './credentials.js';

/** A registry, or what is below a path in it. */
export interface Realm {
  registry: string;
  /** `team`, `team/app`; '' for all */
  namespace: string;
}

export async function findLogin({ registry, namespace }: Realm, context: HelperContext): Promise<Credentials | undefined> {
  const { credentials, missing } = await findCredentials({ registry, repository: namespace }, context);
  if (credentials === undefined && missing !== undefined) throw missing;
  return credentials;
}

export interface Kept {
  file: string;
  /** The program that has the secret; without one the file has it, in no way encrypted. */
  helper?: string;
}

/** So that it is what is found from now on: an older one in a file that is read before is given up. */
export async function keepLogin(realm: Realm, login: { user: string; password: string }, context: HelperContext): Promise<Kept> {
  const { file, before } = await placeFor(realm, context.env);
  const helper = helperFor(file, realm.registry);
  if (helper !== undefined && realm.namespace !== '') throw noNamespace(realm, helper.name);
  if (helper !== undefined) await storeInHelper(helper, login, context);
  const auth = Buffer.from(`${login.user}:${login.password}`).toString('base64');
  await changeAuths(
    file.path,
    (now) => ({ ...without(now, realm), [keyIn(file.path, realm)]: helper === undefined ? { auth } : {} }),
    context.signal,
  );
  for (const path of before) await giveUpIn(path, realm, context.signal);
  return { file: file.path, ...(helper === undefined ? {} : { helper: `docker-credential-${helper.name}` }) };
}

/** @returns the files that are read before it */
async function placeFor({ registry, namespace }: Realm, env: NodeJS.ProcessEnv): Promise<{ file: AuthFile; before: string[] }> {
  const paths = authFiles(env);
  const named = env['REGISTRY_AUTH_FILE'] || (env['DOCKER_CONFIG'] && lastingFile(env, namespace === ''));
  const files = await Promise.all(paths.map((path) => readAuthFile(path)));
  const helped = namespace === '' ? files.find((file) => helperFor(file, registry) !== undefined)?.path : undefined;
  const path = named || helped || lastingFile(env, namespace === '');
  const file = files.find((one) => one.path === path) ?? (await readAuthFile(path));
  const index = paths.indexOf(path);
  return { file, before: index === -1 ? [] : paths.slice(0, index) };
}

/** docker knows its own registry by a URL; podman reads that as well, and removes only what is spelled its way. */
function keyIn(path: string, { registry, namespace }: Realm): string {
  if (namespace !== '') return `${registry}/${namespace}`;
  return registry === DEFAULT_REGISTRY && basename(path) === 'config.json' ? HUB_KEY : registry;
}

/** All spellings of it. */
function without({ config }: AuthFile, { registry, namespace }: Realm): Record<string, undefined> {
  const auths = property(config, 'auths');
  const own = `${registry}/${namespace}`;
  const keys =
    namespace === '' ? hostKeys(auths, registry) : keysOf(auths, { registry, repository: namespace }).filter((key) => key === own);
  return Object.fromEntries(keys.map((key) => [key, undefined]));
}

async function giveUpIn(path: string, realm: Realm, signal: AbortSignal | undefined): Promise<boolean> {
  const file = await readAuthFile(path);
  if (Object.keys(without(file, realm)).length === 0) return false;
  return changeAuths(path, (now) => without(now, realm), signal);
}

/** In every file that is read, and from the helpers. @returns whether there was one */
export async function giveUpLogin(realm: Realm, context: HelperContext): Promise<boolean> {
  let had = false;
  for (const path of authFiles(context.env)) {
    const helper = realm.namespace === '' ? helperFor(await readAuthFile(path), realm.registry) : undefined;
    if (helper !== undefined && (await getFromHelper(helper, context)) !== undefined) {
      await eraseFromHelper(helper, context);
      had = true;
    }
    had = (await giveUpIn(path, realm, context.signal)) || had;
  }
  return had;
}

/** All of them. @returns the registries' names as they were written there */
export async function giveUpAll(context: HelperContext): Promise<string[]> {
  const gone = new Set<string>();
  for (const path of authFiles(context.env)) {
    const file = await readAuthFile(path);
    for (const { name, server } of await allHelped(file, context)) {
      await eraseFromHelper({ name, server }, context);
      gone.add(server);
    }
    for (const key of namesIn(file, 'auths')) gone.add(key);
    if (namesIn(file, 'auths').length > 0)
      await changeAuths(path, (now) => Object.fromEntries(namesIn(now, 'auths').map((key) => [key, undefined])), context.signal);
  }
  return [...gone];
}

async function allHelped(file: AuthFile, context: HelperContext): Promise<{ name: string; server: string }[]> {
  const own = namesIn(file, 'credHelpers').flatMap((server) => helperFor(file, registryOf(server)) ?? []);
  const held: { name: string; server: string }[] = [];
  for (const helper of own) if ((await getFromHelper(helper, context)) !== undefined) held.push(helper);
  // any registry's, for the name alone
  const store = helperFor({ ...file, config: { credsStore: property(file.config, 'credsStore') } }, '');
  const listed = store === undefined ? [] : await listHelper(store.name, context);
  return [...held, ...listed.map((server) => ({ name: store?.name ?? '', server }))];
}

function registryOf(key: string): string {
  return [HUB_KEY, 'index.docker.io', 'registry-1.docker.io'].includes(key) ? DEFAULT_REGISTRY : key;
}

function namesIn({ config }: AuthFile, member: string): string[] {
  const value = property(config, member);
  return typeof value === 'object' && value !== null ? Object.keys(value) : [];
}

function noNamespace({ registry }: Realm, helper: string): TsrunError {
  return new TsrunError('ERR_TSRUN_UNSUPPORTED', `docker-credential-${helper} keeps one login for all of ${registry}`, {
    subject: registry,
    hint: `log in to ${registry} as a whole, or name another file with --authfile`,
  });
}
