import { defineCommand } from '../cli/command.js';
import { SAVE } from '../cli/flags/save.js';
import { writesTo } from '../cli/save.js';

export default defineCommand(SAVE, async ({ args, options, values, json }) => {
  const output = writesTo(values);
  const { saveImages } = await import('../index.js');
  const saved = await saveImages(args, output, options);
  if (values.json && output !== '-') json(saved);
});
