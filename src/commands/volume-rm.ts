import { defineCommand } from '../cli/command.js';
import { each } from '../cli/each.js';
import { VOLUME_RM } from '../cli/flags/volume.js';
import { visible } from '../cli/visible.js';

export default defineCommand(VOLUME_RM, async ({ args, options, values, stdout, json, fail }) => {
  const { removeVolume } = await import('../index.js');
  const removed = await each(
    args,
    async (name) => {
      const result = await removeVolume(name, options);
      if (!values.json) stdout.write(`${visible(name)}\n`);
      return result;
    },
    fail,
  );
  if (values.json) json(removed);
});
