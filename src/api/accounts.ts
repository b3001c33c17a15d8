/** Verbs on accounts: login, logout. */
import { TsrunError } from '../errors.js';
import { DEFAULT_REGISTRY } from '../reference/name.js';
import { parseReference } from '../reference/parse.js';
import type { Credentials } from '../registry/auth-files.js';
import type { HelperContext } from '../registry/credential-helper.js';
import { DEFAULT_TUNING } from '../registry/http.js';
import type { Realm } from '../registry/logins.js';
import { createSecrets } from '../registry/secrets.js';
import { checkArguments } from './check-arguments.js';
import type { CommonOptions, RegistryOptions } from './options.js';
import { openRegistry, readRegistries, registryEnvironment } from './registry-session.js';

/** Loaded when it is needed: most commands have nothing to do with accounts. */
const logins = () => import('../registry/logins.js');

type AccountOptions = Pick<CommonOptions, 'signal' | 'onNote' | 'onDebug'> & Pick<RegistryOptions, 'authfile' | 'tlsVerify' | 'certDir'>;

export interface LoginOptions extends AccountOptions {
  /** Without both, the login that there is already is tried. */
  username?: string;
  password?: string;
}

export interface LoggedIn {
  registry: string;
  username: string;
  /** Where the login is kept; absent when it was there before. */
  file?: string;
  /** The program that keeps the secret; without one it lies in the file. */
  helper?: string;
}

/**
 * Asks the registry with the user and password, and keeps them only if it accepts them.
 * @param registry `HOST[:PORT]`, a URL of it, or `HOST/NAMESPACE`; docker.io is Docker Hub
 * @throws ERR_TSRUN_REGISTRY_UNAUTHORIZED, ERR_TSRUN_NOT_LOGGED_IN without a login to try, ERR_TSRUN_CREDENTIALS_INVALID, ERR_TSRUN_CREDENTIAL_HELPER
 */
export async function login(registry: string, options: LoginOptions = {}): Promise<LoggedIn> {
  const checked = checkArguments({ registry }, options);
  const realm = realmOf(registry);
  const context = contextOf(checked);
  return guarded(context, async () => {
    const { username, password } = checked;
    if (username === undefined && password === undefined) return tryLogin(realm, checked, context);
    const account = accountOf(username, password);
    await tryOut(realm, account, checked);
    return { registry: realm.registry, username: account.user, ...(await (await logins()).keepLogin(realm, account, context)) };
  });
}

async function tryLogin(realm: Realm, options: LoginOptions, context: HelperContext): Promise<LoggedIn> {
  const credentials = await (await logins()).findLogin(realm, context);
  if (credentials === undefined) throw notLoggedIn(realm);
  await tryOut(realm, credentials, options);
  return { registry: realm.registry, username: userOf(credentials) };
}

/** As a pull from there: what this machine's files allow counts where no flag says otherwise. */
async function trusting<T extends LoginOptions>({ registry, namespace }: Realm, options: T): Promise<T> {
  if (options.tlsVerify !== undefined) return options;
  const [{ ownPlaceOf }, settings] = await Promise.all([import('../registry/config/sources.js'), readRegistries(undefined)]);
  const repository = namespace === '' ? 'any/image' : `${namespace}/image`;
  try {
    const { ref, insecure } = ownPlaceOf(settings, { transport: 'docker', registry, repository });
    return insecure && ref.registry === registry ? { ...options, tlsVerify: false } : options;
  } catch (error) {
    // Whoever may not pull from there may log in: nothing weaker is asked for
    if (error instanceof TsrunError && error.code === 'ERR_TSRUN_REGISTRY_BLOCKED') return options;
    throw error;
  }
}

async function tryOut(realm: Realm, credentials: Credentials, options: LoginOptions): Promise<void> {
  const { registry } = realm;
  const client = await openRegistry(registry, await trusting(realm, options), credentials);
  try {
    if ((await client.check(registry)) === 'open') options.onNote?.(`${registry} asks nobody to log in: the password was not tried`);
  } catch (error) {
    if (!(error instanceof TsrunError) || error.code !== 'ERR_TSRUN_REGISTRY_UNAUTHORIZED') throw error;
    const hint = /does not accept/.test(error.message) ? 'check the user name and the password' : error.hint;
    throw new TsrunError(error.code, error.message, { ...(hint === undefined ? {} : { hint }), subject: registry, cause: error.cause });
  } finally {
    await client.close();
  }
}

/** As whom the registry is asked; undefined without a login. Nothing but the files and helpers is asked. */
export async function loggedInAs(registry: string, options: AccountOptions = {}): Promise<string | undefined> {
  const context = contextOf(checkArguments({ registry }, options));
  const realm = realmOf(registry);
  return guarded(context, async () => {
    const credentials = await (await logins()).findLogin(realm, context);
    return credentials && userOf(credentials);
  });
}

/**
 * Takes the login out of every file that is read, and from the helpers they name.
 * @returns whether there was one
 */
export async function logout(registry: string, options: AccountOptions = {}): Promise<boolean> {
  const context = contextOf(checkArguments({ registry }, options));
  return guarded(context, async () => (await logins()).giveUpLogin(realmOf(registry), context));
}

/** @returns the registries, in the spelling of their files */
export async function logoutAll(options: AccountOptions = {}): Promise<string[]> {
  const context = contextOf(checkArguments({}, options));
  return guarded(context, async () => (await logins()).giveUpAll(context));
}

function contextOf(options: AccountOptions): HelperContext {
  return {
    env: registryEnvironment(options),
    tuning: DEFAULT_TUNING,
    secrets: createSecrets(),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  };
}

async function guarded<T>({ secrets }: HelperContext, act: () => Promise<T>): Promise<T> {
  return act().catch((error: unknown) => {
    throw secrets.guard(error);
  });
}

/** docker's habits: a URL means its host, whatever its path. */
function realmOf(text: string): Realm {
  const host = /^https?:\/\/([^/]*)/i.exec(text)?.[1];
  const [name = '', ...path] = (host ?? text).replace(/\/+$/, '').split('/');
  const registry = name === 'index.docker.io' ? DEFAULT_REGISTRY : name;
  const namespace = path.join('/');
  const ref = referenceOf(`docker://${registry}/${namespace === '' ? 'any/image' : `${namespace}/image`}`);
  if (ref?.transport !== 'docker' || !isHost(registry)) throw notARegistry(text);
  return { registry: ref.registry, namespace };
}

function referenceOf(text: string) {
  try {
    return parseReference(text);
  } catch {
    return undefined;
  }
}

/** What has neither dot nor port is a namespace of docker.io wherever images are named. */
function isHost(registry: string): boolean {
  return /[.:]/.test(registry) || registry === 'localhost';
}

/** There may be a login before the host. */
function notARegistry(word: string): TsrunError {
  const text = word.replace(/^.*@/s, '***@');
  return new TsrunError('ERR_TSRUN_USAGE', `${text} is not a registry`, { subject: text, hint: 'name its host: HOST[:PORT]' });
}

function accountOf(user: string | undefined, password: string | undefined): { user: string; password: string } {
  const missing = user ? (password ? undefined : 'password') : 'user name';
  if (missing !== undefined)
    throw new TsrunError('ERR_TSRUN_USAGE', `a login needs a ${missing}`, { hint: 'give -u USER and --password-stdin' });
  if (user?.includes(':'))
    throw new TsrunError('ERR_TSRUN_USAGE', 'a user name has no colon in it', { hint: 'give the password with --password-stdin' });
  return { user: user ?? '', password: password ?? '' };
}

function userOf(credentials: Credentials): string {
  return 'user' in credentials && credentials.user !== undefined ? credentials.user : '<token>';
}

function notLoggedIn({ registry }: Realm): TsrunError {
  return new TsrunError('ERR_TSRUN_NOT_LOGGED_IN', `not logged in to ${registry}`, {
    subject: registry,
    hint: 'give -u USER and --password-stdin',
  });
}
