import { defineCommand } from '../cli/command.js';
import { VOLUME_LS } from '../cli/flags/volume.js';
import { noteIgnored, prepare, refuseBoth } from '../cli/listing/listing.js';
import { VOLUMES } from '../cli/listing/volumes.js';

export default defineCommand(VOLUME_LS, async ({ options, values, stdout, json }) => {
  refuseBoth(values);
  noteIgnored(values);
  const listing = prepare(VOLUMES, values);
  const { volumes } = await import('../index.js');
  const found = await volumes(options);
  if (values.json) json(found);
  else stdout.write(listing.print(found));
});
