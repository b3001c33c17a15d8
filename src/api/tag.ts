/** `tag` and `untag`. */
import * as names from '../image/tag.js';
import { checkArguments } from './check-arguments.js';
import type { CommonOptions } from './options.js';
import { recordImage } from './record.js';
import { openStore } from './session.js';

/**
 * Gives an image further names. What had one of them so far keeps its digest as a name, unless it has another.
 * @param source a reference (then all platforms that were pulled get the name), or an id
 * @throws ERR_TSRUN_IMAGE_NOT_FOUND, ERR_TSRUN_REFERENCE_INVALID
 */
export async function tagImage(
  source: string,
  targets: readonly string[],
  options: CommonOptions = {},
): Promise<{ id: string; names: string[] }> {
  checkArguments({ source, targets }, options);
  const session = await openStore(options);
  const tagged = await names.tagImage(session, source, targets);
  for (const name of tagged.names) recordImage(session.paths, 'tag', tagged.id, name);
  return tagged;
}

/**
 * Takes names away, all of them where none is given. The image stays, by its digest if it has no other name; removeImage() and
 * pruneImages() remove it. @throws ERR_TSRUN_IMAGE_NOT_FOUND, also for a name that is not the image's
 */
export async function untagImage(
  image: string,
  targets: readonly string[] = [],
  options: CommonOptions = {},
): Promise<{ id: string; untagged: string[] }> {
  checkArguments({ image, targets }, options);
  const session = await openStore(options);
  const result = await names.untagImage(session, image, targets);
  for (const name of result.untagged) recordImage(session.paths, 'untag', result.id, name);
  return result;
}
