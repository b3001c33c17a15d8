/**
 * docker's credential helpers: `docker-credential-NAME get|store|erase|list`, which keep secrets outside of files
 * (github.com/docker/docker-credential-helpers). Secrets travel through pipes alone; what a helper says is looked at before it is shown.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { systemReason, TsrunError } from '../errors.js';
import { asCredentials, type Credentials, type Helper } from './auth-files.js';
import { parseJson, property } from './body.js';
import { interrupted } from './failure.js';
import type { Tuning } from './http.js';
import type { Secrets } from './secrets.js';

export interface HelperContext {
  /** The helpers need most of it: HOME, DISPLAY, DBUS_SESSION_BUS_ADDRESS, GPG_TTY, and their own. */
  env: NodeJS.ProcessEnv;
  tuning: Pick<Tuning, 'helper'>;
  secrets: Secrets;
  signal?: AbortSignal;
}

const LARGEST = 1024 * 1024;
const NOT_FOUND = /^credentials not found/i;

/** What the helper has for the server; undefined when it says that it has nothing. @throws ERR_TSRUN_CREDENTIAL_HELPER, ERR_TSRUN_INTERRUPTED */
export async function getFromHelper(helper: Pick<Helper, 'name' | 'server'>, context: HelperContext): Promise<Credentials | undefined> {
  const { code, stdout, said } = await callHelper(helper.name, 'get', helper.server, context);
  if (code !== 0 && said.some((line) => NOT_FOUND.test(line))) return undefined;
  if (code !== 0) throw failed(helper.name, 'get', said, context);
  const answer = parseJson(stdout);
  const user = property(answer, 'Username');
  const secret = property(answer, 'Secret');
  if (typeof user !== 'string' || typeof secret !== 'string') throw broken(helper.name, 'answered with something else than credentials');
  context.secrets.keep(secret);
  // docker takes a login without name and secret for none
  if (user === '' && secret === '') return undefined;
  if (user === '' || user.includes(':')) throw broken(helper.name, 'answered without a usable user name');
  return asCredentials(user, secret);
}

export async function storeInHelper(
  helper: Helper,
  { user, password }: { user: string; password: string },
  context: HelperContext,
): Promise<void> {
  for (const secret of secretsOf(password)) context.secrets.keep(secret);
  const input = JSON.stringify({ ServerURL: helper.server, Username: user, Secret: password });
  const { code, said } = await callHelper(helper.name, 'store', input, context);
  if (code !== 0) throw failed(helper.name, 'store', said, context);
}

/** Nothing to erase is fine. */
export async function eraseFromHelper(helper: Pick<Helper, 'name' | 'server'>, context: HelperContext): Promise<void> {
  const { code, said } = await callHelper(helper.name, 'erase', helper.server, context);
  if (code !== 0 && !said.some((line) => NOT_FOUND.test(line))) throw failed(helper.name, 'erase', said, context);
}

/** The servers that the helper has credentials for. */
export async function listHelper(name: string, context: HelperContext): Promise<string[]> {
  const { code, stdout, said } = await callHelper(name, 'list', '', context);
  if (code !== 0) throw failed(name, 'list', said, context);
  const servers = parseJson(stdout);
  if (typeof servers !== 'object' || servers === null || Array.isArray(servers))
    throw broken(name, 'answered with something else than a list');
  return Object.keys(servers);
}

/** In the spellings in which a password may come back. */
export function secretsOf(password: string): string[] {
  return [password, JSON.stringify(password).slice(1, -1), Buffer.from(password).toString('base64'), encodeURIComponent(password)];
}

interface Answer {
  code: number | null;
  stdout: Buffer;
  /** Lines in which it explains itself: helpers print their errors to standard output. */
  said: string[];
}

async function callHelper(name: string, action: string, input: string, context: HelperContext): Promise<Answer> {
  const program = `docker-credential-${name}`;
  const path = findProgram(program, context.env);
  if (context.signal?.aborted) throw interrupted(context.signal);
  // A session of its own: whatever it starts ends with it
  const child = spawn(path, [action], { env: context.env, stdio: ['pipe', 'pipe', 'pipe'], detached: true });
  return new Promise<Answer>((resolve, reject) => {
    const stop = () => end(interrupted(context.signal as AbortSignal));
    const seconds = context.tuning.helper / 1000;
    const timer = setTimeout(() => end(broken(name, `did not answer within ${seconds} s`, SLOW)), context.tuning.helper);
    const settled = () => {
      clearTimeout(timer);
      context.signal?.removeEventListener('abort', stop);
    };
    const end = (error: TsrunError) => {
      settled();
      killGroup(child);
      for (const stream of child.stdio) stream?.destroy();
      reject(error);
    };
    context.signal?.addEventListener('abort', stop, { once: true });
    const tooMuch = () => end(broken(name, `answered with more than ${LARGEST} bytes`));
    const [stdout, stderr] = [child.stdout, child.stderr].map((stream) => collect(stream, tooMuch)) as [Buffer[], Buffer[]];
    child.on('error', (cause) => end(broken(name, `cannot be started: ${systemReason(cause)}`, `check ${path}`)));
    child.on('close', (code) => {
      settled();
      const bytes = Buffer.concat(stdout);
      resolve({ code, stdout: bytes, said: [bytes, Buffer.concat(stderr)].map(firstLine).filter((line) => line !== '') });
    });
    // A helper need not read what it is not interested in
    child.stdin.on('error', () => {}).end(input);
  });
}

const SLOW = 'it may wait for you to unlock a keyring: do that, or use another helper';

function collect(stream: NodeJS.ReadableStream, tooMuch: () => void): Buffer[] {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on('error', () => {});
  stream.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > LARGEST) tooMuch();
    else chunks.push(chunk);
  });
  return chunks;
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // it has ended by itself
  }
}

/** What looks like data may hold a secret, also when the helper failed. */
function firstLine(bytes: Buffer): string {
  const line = bytes.toString('utf8').trim().split('\n')[0]?.trim() ?? '';
  return /^[{["]|(?:secret|password|token)["']?\s*[:=]/i.test(line) ? '' : line;
}

/** Only in directories that PATH names by their full path: what lies in the current one is not the user's choice. */
function findProgram(program: string, env: NodeJS.ProcessEnv): string {
  const directories = (env['PATH'] ?? '').split(':').filter(isAbsolute);
  const found = directories.map((directory) => join(directory, program)).find(isProgram);
  if (found !== undefined) return found;
  const where = directories.length === 0 ? 'PATH names no directory' : `looked for in ${directories.join(', ')}`;
  throw new HelperMissing(program, where);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Told apart from other failures: without the helper of all registries, those that need no login are still to be had. */
export class HelperMissing extends TsrunError {
  constructor(
    readonly program: string,
    where: string,
  ) {
    super('ERR_TSRUN_CREDENTIAL_HELPER', `there is no ${program} (${where})`, {
      subject: program,
      hint: 'install it, or take it out of the file that names it (credHelpers, credsStore)',
    });
  }
}

function failed(name: string, action: string, said: readonly string[], { secrets }: HelperContext): TsrunError {
  const words = said[0] === undefined ? 'it gave no reason' : secrets.scrub(said[0]);
  return broken(name, `failed to ${action}: ${words}`, `try it by hand: docker-credential-${name} ${action}`);
}

function broken(
  name: string,
  what: string,
  hint = 'check that it is a credential helper of docker’s, or take it out of the file that names it',
) {
  const program = `docker-credential-${name}`;
  return new TsrunError('ERR_TSRUN_CREDENTIAL_HELPER', `${program} ${what}`, { subject: program, hint });
}
