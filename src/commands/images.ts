import { defineCommand } from '../cli/command.js';
import { IMAGES } from '../cli/flags/images.js';
import { imageRows, imageTable } from '../cli/image-table.js';

export default defineCommand(IMAGES, async ({ args: [filter], options, values, stdout, json }) => {
  const { images } = await import('../index.js');
  const rows = imageRows(await images(options), filter);
  if (values.json) json([...new Set(rows.map((row) => row.image))]);
  else stdout.write(imageTable(rows, values));
});
