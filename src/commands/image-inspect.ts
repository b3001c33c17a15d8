import { defineCommand } from '../cli/command.js';
import { each } from '../cli/each.js';
import { IMAGE_INSPECT } from '../cli/flags/image-inspect.js';
import { inspectPrinter } from '../cli/listing/inspect.js';

export default defineCommand(IMAGE_INSPECT, async ({ args, options, values, stdout, fail }) => {
  const printer = inspectPrinter(values, stdout);
  const { inspectImage } = await import('../index.js');
  const inspect = async (name: string) => {
    const image = await inspectImage(name, options);
    printer.one(image);
    return image;
  };
  printer.end(await each(args, inspect, fail));
});
