import { defineCommand } from '../cli/command.js';
import { containerFilter, wantsStopped } from '../cli/filter/containers.js';
import { parseFilters } from '../cli/filter/filter.js';
import { PS } from '../cli/flags/ps.js';
import { CONTAINERS, SIZE_COLUMNS } from '../cli/listing/containers.js';
import { noteIgnored, prepare, refuseBoth } from '../cli/listing/listing.js';
import { isUp } from '../cli/listing/status.js';

export default defineCommand(PS, async ({ options, values, stdout, json }) => {
  refuseBoth(values);
  noteIgnored(values);
  const listing = prepare(CONTAINERS, { ...values, columns: values.size ? SIZE_COLUMNS : undefined });
  const { containers, images, sizeOfContainer } = await import('../index.js');
  const filters = parseFilters(values.filter);
  const last = values.latest ? 1 : Math.max(0, values.last ?? 0);
  const all = await containers({ ...options, all: true });
  const chosen = containerFilter(filters, { containers: all, images: filters.has('ancestor') ? await images(options) : [] });
  const shown = all.filter((container) => values.all || last > 0 || wantsStopped(filters) || isUp(container)).filter(chosen);
  const found = last > 0 ? shown.slice(0, last) : shown;
  if (values.size || listing.needs.has('Size')) {
    for (const container of found) {
      // One that ends and is removed meanwhile has no size any more.
      const size = await sizeOfContainer(container.id, options).catch(() => undefined);
      if (size !== undefined) container.size = size;
    }
  }
  if (values.json) json(found);
  else stdout.write(listing.print(found));
});
