import { defineCommand } from '../cli/command.js';
import { FSCK } from '../cli/flags/fsck.js';
import { checkLines } from '../cli/listing/check.js';

export default defineCommand(FSCK, async ({ options, values, stdout, json, endWith }) => {
  const { checkStore } = await import('../index.js');
  const check = await checkStore(options);
  if (values.json) json(check);
  else stdout.write(checkLines(check));
  if (check.findings.some(({ repaired }) => !repaired)) endWith(1);
});
