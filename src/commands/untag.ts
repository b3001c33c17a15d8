import { defineCommand } from '../cli/command.js';
import { UNTAG } from '../cli/flags/tag.js';

export default defineCommand(UNTAG, async ({ args: [image = '', ...names], options, values, json }) => {
  const { untagImage } = await import('../index.js');
  const untagged = await untagImage(image, names, options);
  if (values.json) json(untagged);
});
