/** `image history`: the steps that made an image, with how much each added. */
import { historyOf } from '../image/history.js';
import { imageId } from '../image/image.js';
import { layerSize } from '../rootfs/layer-size.js';
import { checkArguments } from './check-arguments.js';
import type { PullOptions } from './options.js';
import { openSession } from './session.js';
import { storedImage } from './stored-image.js';

export interface ImageHistoryStep {
  /** Of the image itself, which the topmost step made; the steps below have none that lasted. */
  id?: string;
  /** RFC 3339 */
  created?: string;
  /** What was carried out, as the builder tells it; may be empty. */
  createdBy: string;
  comment: string;
  /** Bytes of the files that the step added, unpacked; 0 when it changed no file. What is not unpacked yet is estimated by its blob. */
  size: number;
  /** Of the layer that the step made, as it came: its digest and bytes. Absent when it changed no file. */
  layer?: { digest: string; size: number };
}

/** The topmost step first. @throws ERR_TSRUN_IMAGE_NOT_FOUND */
export async function imageHistory(image: string, options: PullOptions = {}): Promise<ImageHistoryStep[]> {
  const session = openSession(checkArguments({ image }, options));
  const found = await storedImage(session, image, options);
  return historyOf(found).map(({ entry, layer }, index) => ({
    ...(index === 0 ? { id: imageId(found) } : {}),
    ...(entry.created === undefined ? {} : { created: entry.created }),
    createdBy: entry.created_by ?? '',
    comment: entry.comment ?? '',
    size: layer === undefined ? 0 : layerSize(session.paths, layer),
    ...(layer === undefined ? {} : { layer: { digest: layer.descriptor.digest, size: layer.descriptor.size } }),
  }));
}
