import { defineCommand } from '../cli/command.js';
import { TOP } from '../cli/flags/top.js';
import { columnsFor, processTable } from '../cli/listing/processes.js';

export default defineCommand(TOP, async ({ args: [name = '', ...words], options, values, stdout, json }) => {
  const columns = columnsFor(words);
  const { containerProcesses } = await import('../index.js');
  const found = await containerProcesses(name, options);
  if (values.json) json(found);
  else stdout.write(processTable(columns, found));
});
