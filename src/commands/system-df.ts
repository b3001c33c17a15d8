import { defineCommand } from '../cli/command.js';
import { SYSTEM_DF } from '../cli/flags/system-df.js';
import { prepare, refuseBoth } from '../cli/listing/listing.js';
import { USAGE, usageRows, usageTables } from '../cli/listing/usage.js';
import { TsrunError } from '../errors.js';

export default defineCommand(SYSTEM_DF, async ({ options, values, stdout, json }) => {
  refuseBoth(values);
  if (values.verbose && values.format !== undefined)
    throw new TsrunError('ERR_TSRUN_USAGE', '--verbose and --format exclude each other', { hint: 'use --json for all of it' });
  const listing = prepare(USAGE, values);
  const { diskUsage } = await import('../index.js');
  const usage = await diskUsage(options);
  if (values.json) json(usage);
  else stdout.write(values.verbose ? usageTables(usage) : listing.print(usageRows(usage)));
});
