import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineCommand } from '../cli/command.js';
import { VERSION } from '../cli/flags/version.js';

export default defineCommand(VERSION, async ({ values, root, stdout, json }) => {
  const { version }: { version: string } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  if (values.json) json({ version });
  else stdout.write(`tsrun ${version}\n`);
});
