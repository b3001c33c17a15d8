import { defineCommand } from '../cli/command.js';
import { PULL } from '../cli/flags/pull.js';
import { visible } from '../cli/visible.js';

export default defineCommand(PULL, async ({ args: [image = ''], options, values, reporter, stdout, json }) => {
  reporter.begin(image);
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
