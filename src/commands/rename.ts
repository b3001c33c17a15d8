import { defineCommand } from '../cli/command.js';
import { RENAME } from '../cli/flags/rename.js';

export default defineCommand(RENAME, async ({ args: [container = '', name = ''], options, values, json }) => {
  const { renameContainer } = await import('../index.js');
  const renamed = await renameContainer(container, name, options);
  if (values.json) json(renamed);
});
