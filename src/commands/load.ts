import { defineCommand } from '../cli/command.js';
import { LOAD } from '../cli/flags/load.js';
import { shownName } from '../cli/shown-name.js';
import { visible } from '../cli/visible.js';

export default defineCommand(LOAD, async ({ options, values, stdout, json }) => {
  const { loadImages } = await import('../index.js');
  const loaded = await loadImages(values.input ?? '-', options);
  if (values.json) return json(loaded);
  for (const { id, names } of loaded) {
    if (names.length === 0) stdout.write(`Loaded image ID: ${id}\n`);
    for (const name of names) stdout.write(`Loaded image: ${visible(shownName(name))}\n`);
  }
});
