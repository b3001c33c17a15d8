/** The name of an image that came from an archive: its path, made absolute, so that it means the same from everywhere. */
import { resolve } from 'node:path';
import { canonicalName } from '../reference/format.js';
import type { ArchiveReference } from '../reference/parse.js';
import { STANDARD } from './standard-streams.js';

export function archiveName(ref: ArchiveReference): string {
  return canonicalName({ ...ref, path: isStandardStream(ref) ? STANDARD : resolve(ref.path) });
}

/** `oci-archive:-` and `docker-archive:-` */
export function isStandardStream({ transport, path }: ArchiveReference): boolean {
  return path === STANDARD && transport.endsWith('-archive');
}
