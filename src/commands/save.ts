import { defineCommand } from '../cli/command.js';
import { SAVE } from '../cli/flags/save.js';
import { isReaderGone } from '../cli/output.js';
import { writesTo } from '../cli/save.js';

export default defineCommand(SAVE, async ({ args, options, values, json, endWith }) => {
  const output = writesTo(values);
  const { saveImages } = await import('../index.js');
  try {
    const saved = await saveImages(args, output, options);
    if (values.json && output !== '-') json(saved);
  } catch (error) {
    if (output !== '-' || !isReaderGone(error)) throw error;
    endWith(128 + 13); // as SIGPIPE would end us
  }
});
