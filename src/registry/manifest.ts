/** Manifests and indexes as a registry hands them out: their bytes, digest and media type (distribution-spec, "Pulling manifests"). */
import { createHash } from 'node:crypto';
import { TsrunError } from '../errors.js';
import { type Digest, isDigest } from '../spec/digest.js';
import type { Descriptor } from '../spec/image.js';
import { INDEX_TYPES, MANIFEST_TYPES } from '../spec/media-types.js';
import { parseJson, property } from './body.js';
import { type HttpResponse, headerOf } from './http.js';

export const ACCEPTED: readonly string[] = [...INDEX_TYPES, ...MANIFEST_TYPES];

/** Types that say nothing: the document's own `mediaType` then decides. */
const VAGUE = new Set(['', 'application/json', 'text/plain', 'application/octet-stream', 'binary/octet-stream']);
const SCHEMA_1 = new Set([
  'application/vnd.docker.distribution.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v1+prettyjws',
]);

/**
 * @param by the tag or digest that was asked for
 * @param subject the image, for messages
 * @throws ERR_TSRUN_BLOB_DIGEST when the bytes are not what the digest says, ERR_TSRUN_MEDIA_TYPE when they are no manifest or index
 */
export function describeManifest(response: HttpResponse, bytes: Buffer, by: string, subject: string): Descriptor {
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}` as Digest;
  const promised = isDigest(by) ? by : headerOf(response, 'docker-content-digest');
  if (isDigest(promised) && promised !== digest) {
    throw new TsrunError('ERR_TSRUN_BLOB_DIGEST', `the manifest of ${subject} should have digest ${promised}, but has ${digest}`, {
      subject,
      hint: 'pull again; if it stays so, the registry or something in between alters it',
    });
  }
  const document = parseJson(bytes);
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw new TsrunError('ERR_TSRUN_MANIFEST_INVALID', `the manifest of ${subject} is not a JSON object`, {
      subject,
      hint: 'check that this host is a container registry',
    });
  }
  return { mediaType: mediaTypeOf(response, document, subject), digest, size: bytes.length };
}

/** Both may name the type, and then must agree: the same bytes read as two things is CVE-2021-41190. */
function mediaTypeOf(response: HttpResponse, document: object, subject: string): string {
  const sent = essence(headerOf(response, 'content-type'));
  const own = property(document, 'mediaType');
  if (SCHEMA_1.has(sent) || property(document, 'schemaVersion') === 1) {
    throw mediaType(
      subject,
      `${subject} is an image of Docker schema 1, which is not supported`,
      'push it again with a current docker or podman',
    );
  }
  if (own !== undefined && typeof own !== 'string')
    throw mediaType(subject, `the manifest of ${subject} has a mediaType that is not a string`, AGAIN);
  const type = VAGUE.has(sent) ? (own ?? '') : sent;
  if (!ACCEPTED.includes(type)) {
    throw mediaType(
      subject,
      `${subject} is not a container image: its media type is ${shown(type)}`,
      'check the name: this may be another kind of artifact',
    );
  }
  if (own !== undefined && own !== type) {
    throw mediaType(subject, `the registry calls the manifest of ${subject} ${shown(type)}, the manifest itself ${shown(own)}`, AGAIN);
  }
  return type;
}

const AGAIN = 'have the image pushed again';

function mediaType(subject: string, message: string, hint: string): TsrunError {
  return new TsrunError('ERR_TSRUN_MEDIA_TYPE', message, { subject, hint });
}

/** Without parameters, in lower case. */
function essence(contentType: string | undefined): string {
  return (contentType?.split(';')[0] ?? '').trim().toLowerCase();
}

function shown(type: string): string {
  return type === '' ? 'not given' : type.replace(/[^\x21-\x7e]/g, '?').slice(0, 120);
}
