import { defineCommand } from '../cli/command.js';
import { GC } from '../cli/flags/gc.js';
import { imageLines, reclaimedLine } from '../cli/listing/pruned.js';

export default defineCommand(GC, async ({ options, values, stdout, json }) => {
  const { gc } = await import('../index.js');
  const collected = await gc(options);
  if (values.json) json(collected);
  else stdout.write(imageLines(collected) + reclaimedLine(collected.reclaimed));
});
