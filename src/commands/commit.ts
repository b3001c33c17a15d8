import { defineCommand } from '../cli/command.js';
import { COMMIT } from '../cli/flags/commit.js';

export default defineCommand(COMMIT, async ({ args: [container = '', name], options, values, stdout, json }) => {
  const { commitContainer } = await import('../index.js');
  const made = await commitContainer(container, { ...options, ...(name === undefined ? {} : { name }) });
  if (values.json) json(made);
  else stdout.write(`${made.id}\n`);
});
