import { defineCommand } from '../cli/command.js';
import { confirm } from '../cli/confirm.js';
import { VOLUME_PRUNE } from '../cli/flags/volume.js';
import { humanSize } from '../cli/units.js';
import { visible } from '../cli/visible.js';

export default defineCommand(VOLUME_PRUNE, async ({ options, values, stdout, json }) => {
  const which = values.all ? 'all volumes' : 'anonymous volumes';
  if (!values.force && !confirm(stdout, `This will remove ${which} that no container has.`)) return;
  const { pruneVolumes } = await import('../index.js');
  const pruned = await pruneVolumes(options);
  if (values.json) return json(pruned);
  const names = pruned.deleted.map((name) => `${visible(name)}\n`).join('');
  stdout.write(`${names && `Deleted Volumes:\n${names}\n`}Total reclaimed space: ${humanSize(pruned.reclaimed)}\n`);
});
