import { defineCommand } from '../cli/command.js';
import { confirm } from '../cli/confirm.js';
import { VOLUME_PRUNE } from '../cli/flags/volume.js';
import { deletedLines, reclaimedLine } from '../cli/listing/pruned.js';

export default defineCommand(VOLUME_PRUNE, async ({ options, values, stdout, json }) => {
  const which = values.all ? 'all volumes' : 'anonymous volumes';
  if (!values.force && !confirm(stdout, `This will remove ${which} that no container has.`)) return;
  const { pruneVolumes } = await import('../index.js');
  const pruned = await pruneVolumes(options);
  if (values.json) return json(pruned);
  stdout.write(deletedLines('Volumes', pruned.deleted) + reclaimedLine(pruned.reclaimed));
});
