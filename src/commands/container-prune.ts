import { defineCommand } from '../cli/command.js';
import { confirm } from '../cli/confirm.js';
import { CONTAINER_PRUNE } from '../cli/flags/prune.js';
import { deletedLines, reclaimedLine } from '../cli/listing/pruned.js';

export default defineCommand(CONTAINER_PRUNE, async ({ options, values, stdout, json }) => {
  if (!values.force && !confirm(stdout, 'This will remove all stopped containers.')) return;
  const { pruneContainers } = await import('../index.js');
  const pruned = await pruneContainers(options);
  if (values.json) json(pruned);
  else stdout.write(deletedLines('Containers', pruned.deleted) + reclaimedLine(pruned.reclaimed));
});
