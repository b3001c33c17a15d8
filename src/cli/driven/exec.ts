import { driven } from '../compile-verb.js';
import { EXEC } from '../flags/exec.js';
import { chooseTerminal } from '../terminal.js';

export const exec = driven(EXEC, async ({ caller, values, options, args, note }) => {
  const terminal = chooseTerminal(values, caller.streams, caller.argv0);
  if (terminal.note !== undefined) note(terminal.note);
  const [name = '', ...command] = args;
  const { compileExec } = await import('../../index.js');
  const { detachKeys, preserveFds } = values;
  return compileExec(name, command, { ...options, ...terminal.options, detachKeys, ...(preserveFds === undefined ? {} : { preserveFds }) });
});
