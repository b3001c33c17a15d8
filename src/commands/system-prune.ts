import { defineCommand } from '../cli/command.js';
import { confirm } from '../cli/confirm.js';
import { SYSTEM_PRUNE } from '../cli/flags/prune.js';
import { deletedLines, imageLines, reclaimedLine, systemWarning } from '../cli/listing/pruned.js';

export default defineCommand(SYSTEM_PRUNE, async ({ options, values, stdout, json }) => {
  if (!values.force && !confirm(stdout, systemWarning(values))) return;
  const { pruneSystem } = await import('../index.js');
  const pruned = await pruneSystem(options);
  if (values.json) return json(pruned);
  stdout.write(
    deletedLines('Containers', pruned.containers) +
      deletedLines('Volumes', pruned.volumes) +
      imageLines(pruned.images) +
      reclaimedLine(pruned.reclaimed),
  );
});
