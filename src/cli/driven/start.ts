import { TsrunError } from '../../errors.js';
import { driven } from '../compile-verb.js';
import { each } from '../each.js';
import { START } from '../flags/start.js';
import { visible } from '../visible.js';

/** Attached to one container it is a run; otherwise each is started here and nothing is left for the helper that called us. */
export const start = driven(START, async ({ caller, values, options, args, fail }) => {
  const { compileStart, startContainer } = await import('../../index.js');
  const attach = values.attach || values.interactive;
  if (attach && args.length > 1)
    throw new TsrunError('ERR_TSRUN_USAGE', `cannot attach to ${args.length} containers at once`, { hint: 'name one container' });
  if (attach)
    return compileStart(args[0] ?? '', {
      ...options,
      interactive: values.interactive ?? false,
      detachKeys: values.detachKeys,
      sigProxy: values.sigProxy ?? true,
    });
  await each(
    args,
    async (name) => {
      await startContainer(name, options);
      caller.streams.stdout.write(`${visible(name)}\n`);
    },
    fail,
  );
  return undefined;
});
