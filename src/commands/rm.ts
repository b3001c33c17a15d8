import { defineCommand } from '../cli/command.js';
import { each } from '../cli/each.js';
import { RM } from '../cli/flags/rm.js';
import { visible } from '../cli/visible.js';

export default defineCommand(RM, async ({ args, options, values, stdout, json, fail }) => {
  const { removeContainer } = await import('../index.js');
  const removed = await each(
    args,
    async (name) => {
      const result = await removeContainer(name, options);
      if (!values.json) stdout.write(`${visible(name)}\n`);
      return result;
    },
    fail,
  );
  if (values.json) json(removed);
});
