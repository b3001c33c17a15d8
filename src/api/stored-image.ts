/** An image that has to be in the store already. */
import { TsrunError } from '../errors.js';
import { findImage } from '../image/find.js';
import type { Image } from '../image/image.js';
import { askedPlatform } from '../image/platform.js';
import type { PullOptions } from './options.js';
import type { Session } from './session.js';

/** @throws ERR_TSRUN_IMAGE_NOT_FOUND */
export async function storedImage(session: Session, image: string, options: PullOptions): Promise<Image> {
  const found = await findImage(session, image, askedPlatform(options));
  if (found === undefined) throw imageNotFound(image);
  return found;
}

export function imageNotFound(image: string): TsrunError {
  return new TsrunError('ERR_TSRUN_IMAGE_NOT_FOUND', `no image ${image} in the store`, {
    subject: image,
    hint: `pull it first: tsrun pull ${image}`,
  });
}
