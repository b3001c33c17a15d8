import { defineCommand } from '../cli/command.js';
import { PULL } from '../cli/flags/pull.js';
import { visible } from '../cli/visible.js';

/** What may be one is named at once; of all else, a login before a host among it, nothing is said before it is understood. */
const IMAGE = /^[\w./:-]+(@sha256:[0-9a-f]{64})?$/;

export default defineCommand(PULL, async ({ args: [image = ''], options, values, reporter, stdout, json }) => {
  if (IMAGE.test(image)) reporter.begin(image);
  const { pull } = await import('../index.js');
  const pulled = { name: undefined as string | undefined };
  const summary = await pull(image, {
    ...options,
    onProgress: (event) => {
      if (event.type === 'done') pulled.name = event.reference;
      reporter.event(event);
    },
  });
  reporter.stop();
  if (values.json) json(summary);
  else stdout.write(`${visible(pulled.name ?? summary.names[0] ?? summary.id)}\n`);
});
