import { defineCommand } from '../cli/command.js';
import { eventFilter } from '../cli/filter/events.js';
import { parseFilters } from '../cli/filter/filter.js';
import { EVENTS } from '../cli/flags/events.js';
import { eventPrinter } from '../cli/listing/events.js';
import { refuseBoth } from '../cli/listing/listing.js';

export default defineCommand(EVENTS, async ({ options, values, stdout }) => {
  refuseBoth(values);
  const text = eventPrinter(values.json ? 'json' : values.format);
  const wanted = eventFilter(parseFilters(values.filter));
  const { events } = await import('../index.js');
  for await (const event of events(options)) if (wanted(event)) stdout.write(text(event));
});
