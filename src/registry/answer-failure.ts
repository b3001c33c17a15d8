/** Statuses that a registry answers → TsrunError (distribution-spec, "Error Codes"). */
import { TsrunError } from '../errors.js';
import { familiarRepository } from '../reference/format.js';
import type { RegistryReference } from '../reference/parse.js';
import { parseJson, property, readSmall } from './body.js';
import { logIn } from './credentials.js';
import { plainCause } from './failure.js';
import { type HttpResponse, headerOf, type Tuning } from './http.js';
import { retryAfter } from './retry.js';
import type { Secrets } from './secrets.js';

export interface Asked {
  ref: RegistryReference;
  /** the tag or digest of a manifest, or the digest of a blob; undefined for the registry itself */
  by?: string;
  kind: 'manifest' | 'blob' | 'token' | 'registry';
  /** whether credentials of the user took part */
  loggedIn: boolean;
  /** the credential helper that could not be asked, because it is not there */
  missing?: string | undefined;
}

/** The registry's own words, fit to be shown. */
export interface Told {
  code: string;
  message: string;
}

const LARGEST_ERROR = 64 * 1024;
const LONGEST_WAIT = 10_000;

/** Reads the body (bounded) for the registry's own words. */
export async function answerError(response: HttpResponse, asked: Asked, secrets: Secrets, tuning: Tuning): Promise<TsrunError> {
  const { told, cause } = await readTold(response, secrets, tuning);
  const name = familiarRepository(asked.ref);
  const registry = asked.ref.registry;
  const subject = asked.by === undefined ? name : `${name}${asked.by.includes(':') ? '@' : ':'}${asked.by}`;
  const make = (code: TsrunError['code'], message: string, hint: string) => new TsrunError(code, message, { subject, hint, cause });
  const { status } = response;

  if (status === 401 && ['token', 'registry'].includes(asked.kind) && asked.loggedIn) {
    return make(
      'ERR_TSRUN_REGISTRY_UNAUTHORIZED',
      `${registry} does not accept your credentials`,
      `they may have changed or ended: ${logIn(registry)}`,
    );
  }
  if (status === 401) return make('ERR_TSRUN_REGISTRY_UNAUTHORIZED', `${name}: not found, or private`, logInHint(asked));
  if (status === 403 && (told === undefined || /^(?:DENIED|UNAUTHORIZED)$/.test(told.code))) {
    return make('ERR_TSRUN_REGISTRY_DENIED', `${name}: not found, or private`, logInHint(asked));
  }
  if (status === 403) return make('ERR_TSRUN_REGISTRY_DENIED', `${registry} refuses ${name}: ${told?.message}`, logInHint(asked));
  if (status === 404) return notFound(asked, told, subject, name, make);
  if (status === 429) return make('ERR_TSRUN_REGISTRY_RATE_LIMITED', limitSentence(response, registry, told), limitHint(response, asked));
  if (status >= 500) {
    const why = told ? `: ${told.message}` : '';
    return make('ERR_TSRUN_REGISTRY_FAILED', `${registry} has a failure (HTTP ${status})${why}`, 'try again later');
  }
  const why = told ? `: ${told.message}` : '';
  return make(
    'ERR_TSRUN_REGISTRY_PROTOCOL',
    `${registry} answered HTTP ${status} for ${subject}${why}`,
    'check that this host is a container registry',
  );
}

type Make = (code: TsrunError['code'], message: string, hint: string) => TsrunError;

function notFound(asked: Asked, told: Told | undefined, subject: string, name: string, make: Make): TsrunError {
  const { registry, repository } = asked.ref;
  if (asked.kind === 'blob')
    return make(
      'ERR_TSRUN_REGISTRY_NOT_FOUND',
      `${registry} lost a blob of ${name}: ${asked.by}`,
      'push the image again, or pull another tag',
    );
  if (told?.code === 'NAME_UNKNOWN') {
    return make('ERR_TSRUN_REGISTRY_NOT_FOUND', `${registry} has no repository ${repository}`, 'check the spelling of the image');
  }
  if (told?.code !== 'MANIFEST_UNKNOWN') {
    return make(
      'ERR_TSRUN_REGISTRY_NOT_FOUND',
      `${subject} is not in ${registry}`,
      'check the spelling of the image, and that this host is a registry',
    );
  }
  const isDigest = asked.by?.includes(':');
  return make(
    'ERR_TSRUN_REGISTRY_NOT_FOUND',
    isDigest ? `${name} has no manifest ${asked.by}` : `${name} has no tag ${asked.by}`,
    isDigest ? 'check the digest: the image may have been deleted' : 'check the tag, and the spelling of the image',
  );
}

function logInHint(asked: Asked): string {
  const how = logIn(asked.ref.registry);
  if (asked.missing !== undefined) return `check the spelling, or install ${asked.missing}, which your credsStore names, and ${how}`;
  return asked.loggedIn ? `check the spelling, or ${how}, as a user who may do this` : `check the spelling, or ${how}`;
}

/** Docker Hub says `ratelimit-limit: 100;w=21600`: 100 pulls in 6 hours. */
function limitSentence(response: HttpResponse, registry: string, told: Told | undefined): string {
  const limit = /^(\d{1,9})(?:;w=(\d{1,9}))?/.exec(headerOf(response, 'ratelimit-limit') ?? '');
  if (limit?.[1] !== undefined)
    return `${registry} limits pulls to ${limit[1]}${limit[2] === undefined ? '' : ` in ${duration(Number(limit[2]))}`}`;
  return `${registry} limits pulls${told ? `: ${told.message}` : ' (HTTP 429)'}`;
}

function limitHint(response: HttpResponse, asked: Asked): string {
  const when = waitFor(response);
  return asked.loggedIn ? `${when} and try again` : `${when} and try again, or, for a higher limit, ${logIn(asked.ref.registry)}`;
}

/** What Retry-After asks for: `wait 2 hours`. */
export function waitFor(response: HttpResponse): string {
  const wait = retryAfter(response, Date.now());
  return wait === undefined || wait === 0 ? 'wait' : `wait ${duration(Math.ceil(wait / 1000))}`;
}

function duration(seconds: number): string {
  const [count, unit] =
    seconds % 3600 === 0 ? [seconds / 3600, 'hour'] : seconds % 60 === 0 ? [seconds / 60, 'minute'] : [seconds, 'second'];
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

/** What the answer says of itself, and the cause of the error that it becomes. */
export async function readTold(
  response: HttpResponse,
  secrets: Secrets,
  { smallBody }: Tuning,
): Promise<{ told: Told | undefined; cause: Error }> {
  const bytes = await readSmall(response, LARGEST_ERROR, Math.min(smallBody, LONGEST_WAIT)).catch(() => Buffer.alloc(0));
  const told = toldIn(bytes, secrets);
  const words = told ? `${told.code}: ${told.message}` : 'no explanation';
  return { told, cause: plainCause(told?.code ?? '', `${response.url.host} answered HTTP ${response.status} (${words})`) };
}

function toldIn(bytes: Buffer, secrets: Secrets): Told | undefined {
  const json = parseJson(bytes);
  const list = property(json, 'errors');
  const first: unknown = Array.isArray(list) ? list[0] : json;
  const code = property(first, 'code') ?? property(json, 'error');
  const message = property(first, 'message') ?? property(json, 'error_description') ?? property(json, 'details');
  if (typeof code !== 'string' && typeof message !== 'string') return undefined;
  const shownCode = typeof code === 'string' ? secrets.scrub(code) : 'UNKNOWN';
  return { code: shownCode, message: typeof message === 'string' && message !== '' ? secrets.scrub(message) : shownCode };
}
