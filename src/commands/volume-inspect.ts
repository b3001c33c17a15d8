import { defineCommand } from '../cli/command.js';
import { each } from '../cli/each.js';
import { VOLUME_INSPECT } from '../cli/flags/volume.js';
import { inspectPrinter } from '../cli/listing/inspect.js';

export default defineCommand(VOLUME_INSPECT, async ({ args, options, values, stdout, fail }) => {
  const printer = inspectPrinter(values, stdout);
  const { inspectVolume } = await import('../index.js');
  const inspect = async (name: string) => {
    const volume = await inspectVolume(name, options);
    printer.one(volume);
    return volume;
  };
  printer.end(await each(args, inspect, fail));
});
