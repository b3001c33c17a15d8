import { defineCommand } from '../cli/command.js';
import { IMAGE_UNPACK } from '../cli/flags/image-unpack.js';
import { visible } from '../cli/visible.js';

export default defineCommand(IMAGE_UNPACK, async ({ args: [image = '', directory = ''], options, values, reporter, stdout, json }) => {
  const { unpackImage } = await import('../index.js');
  const unpacked = await unpackImage(image, directory, { ...options, onProgress: reporter.event.bind(reporter) });
  reporter.stop();
  if (values.json) json(unpacked);
  else stdout.write(`${visible(unpacked.directory)}\n`);
});
