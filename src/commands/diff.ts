import { defineCommand } from '../cli/command.js';
import { DIFF } from '../cli/flags/diff.js';
import { CHANGES, PLAIN } from '../cli/listing/changes.js';
import { prepare, refuseBoth } from '../cli/listing/listing.js';

export default defineCommand(DIFF, async ({ args: [name = ''], options, values, stdout, json }) => {
  refuseBoth(values);
  const listing = prepare(CHANGES, { ...values, format: values.format ?? PLAIN });
  const { containerChanges } = await import('../index.js');
  const changes = await containerChanges(name, options);
  if (values.json) json(changes);
  else stdout.write(listing.print(changes));
});
