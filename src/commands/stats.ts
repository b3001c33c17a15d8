import { defineCommand } from '../cli/command.js';
import { STATS } from '../cli/flags/stats.js';
import { prepare, refuseBoth } from '../cli/listing/listing.js';
import { redrawn, STATS_LISTING, unknownNote } from '../cli/listing/stats.js';
import { visibleJson } from '../cli/visible.js';

export default defineCommand(STATS, async ({ args, options, values, stdout }) => {
  refuseBoth(values);
  const listing = prepare(STATS_LISTING, values);
  const { stats } = await import('../index.js');
  const redraws = stdout.isTerminal && !values.noStream && values.format === undefined && !values.json;
  let isFirst = true;
  let note: string | undefined;
  for await (const rows of stats(args, options)) {
    const found = unknownNote(rows);
    // On a terminal that is drawn anew it stands below the table, or it would be gone.
    if (!redraws && found !== undefined && note === undefined) options.onNote?.(found);
    note ??= found;
    const text = values.json ? `${visibleJson(rows)}\n` : listing.print(rows);
    stdout.write(redraws ? redrawn(note === undefined ? text : `${text}\nnote: ${note}\n`, isFirst) : text);
    isFirst = false;
    if (values.noStream) return;
  }
});
