import { defineCommand } from '../cli/command.js';
import { each } from '../cli/each.js';
import { IMAGE_INSPECT } from '../cli/flags/image-inspect.js';

export default defineCommand(IMAGE_INSPECT, async ({ args, options, json, fail }) => {
  const { inspectImage } = await import('../index.js');
  json(await each(args, (image) => inspectImage(image, options), fail));
});
