import { defineCommand } from '../cli/command.js';
import { containerTable } from '../cli/container-table.js';
import { PS } from '../cli/flags/ps.js';

export default defineCommand(PS, async ({ options, values, stdout, json }) => {
  const { containers } = await import('../index.js');
  const found = await containers(options);
  if (values.json) json(found);
  else stdout.write(containerTable(found, values));
});
