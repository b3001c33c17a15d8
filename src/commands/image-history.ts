import { defineCommand } from '../cli/command.js';
import { IMAGE_HISTORY } from '../cli/flags/image-history.js';
import { historyListing } from '../cli/listing/history.js';
import { noteIgnored, prepare, refuseBoth } from '../cli/listing/listing.js';

export default defineCommand(IMAGE_HISTORY, async ({ args: [image = ''], options, values, stdout, json }) => {
  refuseBoth(values);
  noteIgnored(values);
  const listing = prepare(historyListing(values.human ?? true), values);
  const { imageHistory } = await import('../index.js');
  const steps = await imageHistory(image, options);
  if (values.json) json(steps);
  else stdout.write(listing.print(steps));
});
