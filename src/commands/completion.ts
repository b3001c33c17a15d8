import { defineCommand } from '../cli/command.js';
import { scriptFor } from '../cli/completion/scripts.js';
import { COMPLETION, SHELLS } from '../cli/flags/completion.js';
import { TsrunError } from '../errors.js';

export default defineCommand(COMPLETION, async ({ args: [word], values, stdout, json }) => {
  const shell = SHELLS.find((each) => each === word);
  if (shell === undefined) {
    throw new TsrunError('ERR_TSRUN_USAGE', `there is no completion for ${word}`, { hint: `there is one for ${SHELLS.join(', ')}` });
  }
  const script = scriptFor(shell);
  if (values.json) json({ shell, script });
  else stdout.write(script);
});
