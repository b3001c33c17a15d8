import { defineCommand } from '../cli/command.js';
import { TAG } from '../cli/flags/tag.js';

export default defineCommand(TAG, async ({ args: [source = '', ...targets], options, values, json }) => {
  const { tagImage } = await import('../index.js');
  const tagged = await tagImage(source, targets, options);
  if (values.json) json(tagged);
});
