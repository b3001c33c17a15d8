import { defineCommand } from '../cli/command.js';
import { VOLUME_CREATE } from '../cli/flags/volume.js';

export default defineCommand(VOLUME_CREATE, async ({ args: [name], options, values, stdout, json }) => {
  const { createVolume } = await import('../index.js');
  const volume = await createVolume(name, options);
  if (values.json) json(volume);
  else stdout.write(`${volume.name}\n`);
});
