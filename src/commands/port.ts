import { defineCommand } from '../cli/command.js';
import { PORT } from '../cli/flags/port.js';

export default defineCommand(PORT, async ({ args: [name = '', port], options, values, stdout, json }) => {
  const { containerPorts } = await import('../index.js');
  const found = await containerPorts(name, port, options);
  if (values.json) json(found);
  else for (const one of found) stdout.write(port === undefined ? `${one.port} -> ${one.address}\n` : `${one.address}\n`);
});
