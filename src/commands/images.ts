import { defineCommand } from '../cli/command.js';
import { parseFilters } from '../cli/filter/filter.js';
import { imageFilter, matchesReference } from '../cli/filter/images.js';
import { IMAGES as VERB } from '../cli/flags/images.js';
import { DIGEST_COLUMNS, IMAGES, imageRows, oncePerImage } from '../cli/listing/images.js';
import { noteIgnored, prepare, refuseBoth } from '../cli/listing/listing.js';

export default defineCommand(VERB, async ({ args: [name], options, values, stdout, json }) => {
  refuseBoth(values);
  noteIgnored(values);
  const listing = prepare(IMAGES, { ...values, columns: values.digests ? DIGEST_COLUMNS : undefined });
  const { images } = await import('../index.js');
  const all = await images(options);
  const chosen = imageFilter(parseFilters(values.filter), all);
  const rows = imageRows(all).filter((row) => chosen(row) && (name === undefined || matchesReference(row, name)));
  if (values.json) json(oncePerImage(rows).map(({ image }) => image));
  else stdout.write(listing.print(values.quiet ? oncePerImage(rows) : rows));
});
