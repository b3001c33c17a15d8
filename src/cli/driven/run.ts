import { driven } from '../compile-verb.js';
import { RUN } from '../flags/run.js';
import { chooseTerminal } from '../terminal.js';

export const run = driven(RUN, async ({ caller, values, options, args, note }) => {
  const terminal = chooseTerminal(values, caller.streams, caller.argv0);
  if (terminal.note !== undefined) note(terminal.note);
  const [image = '', ...command] = args;
  const { compileRun } = await import('../../index.js');
  const { detach = false, detachKeys, attach, sigProxy, preserveFds } = values;
  return compileRun(image, command, {
    ...options,
    ...terminal.options,
    detach,
    detachKeys,
    ...(attach ? { attach } : {}),
    ...(sigProxy === undefined ? {} : { sigProxy }),
    ...(preserveFds === undefined ? {} : { preserveFds }),
  });
});
