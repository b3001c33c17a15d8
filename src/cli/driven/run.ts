import { driven } from '../compile-verb.js';
import { RUN } from '../flags/run.js';
import { chooseTerminal } from '../terminal.js';

export const run = driven(RUN, async ({ caller, values, options, args, note }) => {
  const terminal = chooseTerminal(values, caller.streams, caller.argv0);
  if (terminal.note !== undefined) note(terminal.note);
  if (values.detach && (values.restart === 'always' || values.restart === 'unless-stopped'))
    note(`it is restarted until the machine is; for more: tsrun generate systemd ${values.name ?? 'NAME'}`);
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
