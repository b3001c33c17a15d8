import { defineCommand } from '../cli/command.js';
import { each } from '../cli/each.js';
import { RMI } from '../cli/flags/rmi.js';
import { visible } from '../cli/visible.js';

export default defineCommand(RMI, async ({ args, options, values, stdout, json, fail }) => {
  const { removeImage } = await import('../index.js');
  const removed = await each(
    args,
    async (image) => {
      const { untagged, deleted } = await removeImage(image, options);
      const lines = [...untagged.map((name) => `Untagged: ${name}`), ...deleted.map((digest) => `Deleted: ${digest}`)];
      if (!values.json) stdout.write(lines.map((line) => `${visible(line)}\n`).join(''));
      return { untagged, deleted };
    },
    fail,
  );
  if (values.json) json(removed);
});
