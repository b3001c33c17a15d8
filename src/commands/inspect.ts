import { defineCommand } from '../cli/command.js';
import { each } from '../cli/each.js';
import { INSPECT } from '../cli/flags/inspect.js';
import { TsrunError } from '../errors.js';

export default defineCommand(INSPECT, async ({ args, options, values: { type }, json, fail }) => {
  const { inspectContainer, inspectImage } = await import('../index.js');
  const inspectAny = async (name: string) => {
    if (type === 'image') return inspectImage(name, options);
    try {
      return await inspectContainer(name, options);
    } catch (error) {
      if (type === 'container' || !isCode(error, 'ERR_TSRUN_CONTAINER_NOT_FOUND')) throw error;
      return inspectImage(name, options).catch((imageError: unknown) => {
        throw isCode(imageError, 'ERR_TSRUN_IMAGE_NOT_FOUND') || isCode(imageError, 'ERR_TSRUN_REFERENCE_INVALID') ? error : imageError;
      });
    }
  };
  json(await each(args, inspectAny, fail));
});

function isCode(error: unknown, code: TsrunError['code']): boolean {
  return error instanceof TsrunError && error.code === code;
}
