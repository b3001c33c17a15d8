import { defineCommand } from '../cli/command.js';
import { EXPORT } from '../cli/flags/export.js';
import { writeArchive } from '../cli/write-archive.js';

export default defineCommand(EXPORT, async ({ args: [container = ''], options, values, stdout }) => {
  const { exportContainer } = await import('../index.js');
  await writeArchive(values.output, stdout, () => exportContainer(container, options));
});
