import { defineCommand } from '../cli/command.js';
import { PUSH } from '../cli/flags/push.js';
import { printSent } from '../cli/sent.js';

export default defineCommand(PUSH, async ({ args: [image = '', destination], options, values, ...output }) => {
  const { push } = await import('../index.js');
  const onProgress = output.reporter.event.bind(output.reporter);
  printSent(await push(image, destination, { ...options, onProgress }), values, output);
});
