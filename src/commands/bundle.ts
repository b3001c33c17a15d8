import { defineCommand } from '../cli/command.js';
import { BUNDLE } from '../cli/flags/bundle.js';
import { visible } from '../cli/visible.js';

export default defineCommand(
  BUNDLE,
  async ({ args: [image = '', directory = '', ...command], options, values, reporter, stdout, json }) => {
    const { writeBundle } = await import('../index.js');
    const onProgress = reporter.event.bind(reporter);
    const written = await writeBundle(image, directory, { ...options, ...(command.length > 0 ? { command } : {}), onProgress });
    reporter.stop();
    if (values.json) json(written);
    else stdout.write(`${visible(written.directory)}\n`);
  },
);
