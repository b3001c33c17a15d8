import { defineCommand } from '../cli/command.js';
import { confirm } from '../cli/confirm.js';
import { SYSTEM_RESET } from '../cli/flags/prune.js';
import { resetWarning } from '../cli/listing/pruned.js';
import { standardStreams } from '../cli/output.js';
import { TsrunError } from '../errors.js';

export default defineCommand(SYSTEM_RESET, async ({ options, values, stdout, json }) => {
  const { resetSystem, storeContents } = await import('../index.js');
  if (!values.force) {
    if (!standardStreams().stdinIsTerminal)
      throw new TsrunError('ERR_TSRUN_USAGE', 'system reset removes everything, and nobody is there to be asked', {
        hint: 'say it on a terminal, or with -f',
      });
    if (!confirm(stdout, resetWarning(await storeContents(options)))) return;
  }
  const removed = await resetSystem(options);
  if (values.json) json(removed);
});
