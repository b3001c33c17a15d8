import { defineCommand } from '../cli/command.js';
import { IMPORT } from '../cli/flags/import.js';

export default defineCommand(IMPORT, async ({ args: [file = '', name], options, values, reporter, stdout, json }) => {
  const { importImage } = await import('../index.js');
  const made = await importImage(file === '-' ? process.stdin : file, {
    ...options,
    ...(name === undefined ? {} : { name }),
    onProgress: reporter.event.bind(reporter),
  });
  reporter.stop();
  if (values.json) json(made);
  else stdout.write(`${made.id}\n`);
});
