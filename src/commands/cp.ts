import { defineCommand } from '../cli/command.js';
import { copy } from '../cli/copy.js';
import { CP } from '../cli/flags/cp.js';

export default defineCommand(CP, async ({ args: [source = '', destination = ''], options, values, stdout, stderr, json }) => {
  const copied = await copy(source, destination, options);
  if (copied === undefined) return;
  if (values.json) json({ bytes: copied.bytes });
  else if (!(values.quiet ?? !stdout.isTerminal)) stderr.write(copied.said);
});
