import { defineCommand } from '../cli/command.js';
import { VERSION } from '../cli/flags/version.js';

export default defineCommand(VERSION, async ({ values, config, stdout, json }) => {
  if (values.json) json({ version: config.version });
  else stdout.write(`tsrun ${config.version}\n`);
});
