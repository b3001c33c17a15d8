import { defineCommand } from '../cli/command.js';
import { confirm } from '../cli/confirm.js';
import { IMAGE_PRUNE } from '../cli/flags/prune.js';
import { imageLines, reclaimedLine } from '../cli/listing/pruned.js';

export default defineCommand(IMAGE_PRUNE, async ({ options, values, stdout, json }) => {
  const which = values.all ? 'all images without at least one container associated to them' : 'all dangling images';
  if (!values.force && !confirm(stdout, `This will remove ${which}.`)) return;
  const { pruneImages } = await import('../index.js');
  const pruned = await pruneImages(options);
  if (values.json) json(pruned);
  else stdout.write(imageLines(pruned) + reclaimedLine(pruned.reclaimed));
});
