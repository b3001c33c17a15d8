import { defineCommand } from '../cli/command.js';
import { COPY } from '../cli/flags/copy.js';
import { printSent } from '../cli/sent.js';

export default defineCommand(COPY, async ({ args: [source = '', destination = ''], options, values, ...output }) => {
  const { copyImage } = await import('../index.js');
  const onProgress = output.reporter.event.bind(output.reporter);
  printSent(await copyImage(source, destination, { ...options, onProgress }), values, output);
});
