/** Statuses that a registry answers to a push → TsrunError. What it answers to a pull is answer-failure.ts. */
import { TsrunError } from '../errors.js';
import { familiarRepository } from '../reference/format.js';
import type { RegistryReference } from '../reference/parse.js';
import type { Digest } from '../spec/digest.js';
import { readTold, type Told, waitFor } from './answer-failure.js';
import { logIn } from './credentials.js';
import { type HttpResponse, headerOf, type Tuning } from './http.js';
import type { Secrets } from './secrets.js';

export interface Pushed {
  ref: RegistryReference;
  /** what was sent, for messages: `layer sha256:…`, `the tag v1` */
  what: string;
  /** whether credentials of the user took part */
  loggedIn: boolean;
  /** the credential helper that could not be asked, because it is not there */
  missing?: string | undefined;
}

type Failure = [code: TsrunError['code'], message: string, hint: string];

/** Reads the body (bounded) for the registry's own words. */
export async function pushError(response: HttpResponse, pushed: Pushed, secrets: Secrets, tuning: Tuning): Promise<TsrunError> {
  const { told, cause } = await readTold(response, secrets, tuning);
  const [code, message, hint] = byCode(pushed, told) ?? byStatus(response, pushed, told);
  return new TsrunError(code, message, { subject: familiarRepository(pushed.ref), hint, cause });
}

/** What the words of the specification say is said better than by the status, which differs from one registry to another. */
function byCode({ ref, what }: Pushed, told: Told | undefined): Failure | undefined {
  const { registry } = ref;
  switch (told?.code) {
    case 'DIGEST_INVALID':
      return [
        'ERR_TSRUN_BLOB_DIGEST',
        `${registry} received other bytes than were sent: ${what}`,
        'push again; a proxy in between may alter them',
      ];
    case 'BLOB_UPLOAD_UNKNOWN':
      return [
        'ERR_TSRUN_REGISTRY_FAILED',
        `${registry} lost an upload while it went on: ${what}`,
        'push again; hosts of a registry that share one name must share their storage',
      ];
    case 'MANIFEST_BLOB_UNKNOWN':
    case 'BLOB_UNKNOWN':
      return [
        'ERR_TSRUN_REGISTRY_FAILED',
        `${registry} says that it lacks a part of what was just sent to it: ${told.message}`,
        'push again',
      ];
    case 'MANIFEST_INVALID':
    case 'TAG_INVALID':
    case 'NAME_INVALID':
      return [
        'ERR_TSRUN_REGISTRY_DENIED',
        `${registry} does not take ${what}: ${told.message}`,
        'choose another name, or ask who runs the registry what it takes',
      ];
  }
  return undefined;
}

function byStatus(response: HttpResponse, pushed: Pushed, told: Told | undefined): Failure {
  const { ref, what } = pushed;
  const { registry } = ref;
  const { status } = response;
  const name = familiarRepository(ref);
  const why = told === undefined || told.message === told.code ? '' : `: ${told.message}`;
  if (status === 401) return ['ERR_TSRUN_REGISTRY_UNAUTHORIZED', unauthorized(pushed, name), logInHint(pushed)];
  if (status === 403) return ['ERR_TSRUN_REGISTRY_DENIED', `${registry} refuses a push to ${name}${why}`, logInHint(pushed)];
  if (status === 404)
    return [
      'ERR_TSRUN_REGISTRY_NOT_FOUND',
      `${registry} has no repository ${ref.repository} to push to${why}`,
      'check the spelling; some registries want a repository to be made first',
    ];
  if (status === 405)
    return [
      'ERR_TSRUN_REGISTRY_DENIED',
      `${registry} takes no pushes${why}`,
      'it may be a mirror or read-only: push to the registry itself',
    ];
  if ([409, 412, 423].includes(status))
    return [
      'ERR_TSRUN_REGISTRY_DENIED',
      `${registry} does not take ${what} (HTTP ${status})${why}`,
      'the tag may be one that cannot be changed: choose another one',
    ];
  if (status === 413)
    return [
      'ERR_TSRUN_REGISTRY_TOO_LARGE',
      `${registry} takes nothing as large as ${what}${why}`,
      'build the image with smaller layers, or ask who runs the registry, or the proxy before it, to allow more',
    ];
  if (status === 429)
    return [
      'ERR_TSRUN_REGISTRY_RATE_LIMITED',
      `${registry} limits pushes${told ? why : ' (HTTP 429)'}`,
      `${waitFor(response)} and try again`,
    ];
  if (status >= 500) return ['ERR_TSRUN_REGISTRY_FAILED', `${registry} has a failure (HTTP ${status})${why}`, 'try again later'];
  const location = status >= 300 && status < 400 ? `, with a redirect to ${hostOf(response)}` : '';
  return [
    'ERR_TSRUN_REGISTRY_PROTOCOL',
    `${registry} answered HTTP ${status} to ${what}${location}${why}`,
    'check that this host is a container registry',
  ];
}

function unauthorized({ ref, loggedIn }: Pushed, name: string): string {
  return loggedIn ? `${ref.registry} does not let you push to ${name}` : `${ref.registry} wants a login for a push to ${name}`;
}

function logInHint({ ref, loggedIn, missing }: Pushed): string {
  const how = logIn(ref.registry);
  if (missing !== undefined) return `install ${missing}, which your credsStore names, and ${how}`;
  return loggedIn ? `check the spelling, or ${how}, as a user who may do this` : how;
}

/** Of a Location no more than its host: the rest may be a key. */
function hostOf(response: HttpResponse): string {
  const location = headerOf(response, 'location');
  return location !== undefined && URL.canParse(location, response.url.href) ? new URL(location, response.url).host : 'nowhere';
}

/** A registry that says what it took must have taken what was sent. @throws ERR_TSRUN_BLOB_DIGEST */
export function assertTaken(response: HttpResponse, digest: Digest): void {
  const told = headerOf(response, 'docker-content-digest');
  if (told === undefined || told === digest) return;
  const shown = told.replace(/[^\x21-\x7e]/g, '?').slice(0, 100);
  throw new TsrunError('ERR_TSRUN_BLOB_DIGEST', `${response.url.host} was sent ${digest} and took it for ${shown}`, {
    subject: digest,
    hint: 'push again; if it stays so, the registry or something in between alters what it is sent',
  });
}
