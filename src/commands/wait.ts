import { defineCommand } from '../cli/command.js';
import { each } from '../cli/each.js';
import { WAIT } from '../cli/flags/wait.js';

export default defineCommand(WAIT, async ({ args, options, values, stdout, json, fail }) => {
  const { waitContainer } = await import('../index.js');
  const statuses = await each(
    args,
    async (name) => {
      const exitCode = (await waitContainer(name, options)) ?? null;
      if (!values.json) stdout.write(`${exitCode ?? 'unknown'}\n`);
      return { name, exitCode };
    },
    fail,
  );
  if (values.json) json(statuses);
});
