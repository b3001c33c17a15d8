/** From `oci:DIR[:TAG]`, `oci-archive:FILE[:REF]`, `docker-archive:FILE[:REF]` or `dir:DIR` to where an image can be sent. */
import { resolve } from 'node:path';
import { TsrunError } from '../errors.js';
import { canonicalName } from '../reference/format.js';
import type { ArchiveReference } from '../reference/parse.js';
import type { ImageDestination } from './destination.js';
import { directoryDestination } from './directory-destination.js';
import { layoutDestination } from './layout-destination.js';
import { tagOf } from './layout-index.js';
import { isStandardStream } from './name.js';
import { openSink, type TakePiece } from './sink.js';
import { STANDARD } from './standard-streams.js';
import { tarDestination } from './tar-destination.js';

/** A destination whose end may also be a function of the caller's. */
export type ArchivePlace = Omit<ArchiveReference, 'path'> & { path: string | TakePiece };

/**
 * Nothing has the name before all of it is whole. What the reference calls the image is its one name there; else those it is sent with.
 * @throws ERR_TSRUN_OUTPUT, ERR_TSRUN_USAGE, ERR_TSRUN_REFERENCE_INVALID, ERR_TSRUN_FILE_EXISTS, ERR_TSRUN_ARCHIVE_INVALID
 */
export async function openArchiveDestination(place: ArchivePlace, signal?: AbortSignal): Promise<ImageDestination> {
  const { transport, path, ref } = place;
  if (place.digest !== undefined) throw notAName(place, 'the digest of what is written is that of the image');
  if (transport === 'docker-archive' && ref !== undefined && tagOf(ref) === undefined)
    throw notAName(place, 'an image is called NAME[:TAG] in an archive of docker’s');
  if (transport === 'oci-archive' || transport === 'docker-archive') {
    const isPath = typeof path === 'string' && !isStandardStream({ transport, path });
    return tarDestination(await openSink(isPath ? resolve(path) : path), transport, ref);
  }
  if (typeof path !== 'string')
    throw new TsrunError('ERR_TSRUN_USAGE', 'a directory cannot be written as a stream', { hint: 'name the directory' });
  return transport === 'oci' ? layoutDestination(resolve(path), ref, signal) : directoryDestination(resolve(path), signal);
}

function notAName(place: ArchivePlace, why: string): TsrunError {
  const text = canonicalName({ ...place, path: typeof place.path === 'string' ? place.path : STANDARD });
  return new TsrunError('ERR_TSRUN_REFERENCE_INVALID', `${text} names no place for an image: ${why}`, {
    subject: text,
    hint: 'write the path alone, or a tag behind it',
  });
}
