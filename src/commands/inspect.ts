import { defineCommand } from '../cli/command.js';
import { each } from '../cli/each.js';
import { INSPECT } from '../cli/flags/inspect.js';
import { inspectPrinter } from '../cli/listing/inspect.js';
import { TsrunError } from '../errors.js';

export default defineCommand(INSPECT, async ({ args, options, values, stdout, fail }) => {
  const { type } = values;
  const printer = inspectPrinter(values, stdout);
  const size = values.size || printer.needs.has('SizeRw') || printer.needs.has('SizeRootFs');
  const { dockerContainer, inspectContainer, inspectImage, sizeOfContainer } = await import('../index.js');
  const inspectAny = async (name: string): Promise<object> => {
    if (type === 'image') return inspectImage(name, options);
    try {
      const container = await inspectContainer(name, options);
      const taken = size ? await sizeOfContainer(container.id, options) : undefined;
      return dockerContainer(taken === undefined ? container : { ...container, size: taken });
    } catch (error) {
      if (type === 'container' || !isCode(error, 'ERR_TSRUN_CONTAINER_NOT_FOUND')) throw error;
      return inspectImage(name, options).catch((imageError: unknown) => {
        if (!isCode(imageError, 'ERR_TSRUN_IMAGE_NOT_FOUND') && !isCode(imageError, 'ERR_TSRUN_REFERENCE_INVALID')) throw imageError;
        throw new TsrunError('ERR_TSRUN_CONTAINER_NOT_FOUND', `there is no container or image ${name}`, {
          subject: name,
          hint: 'list them with: tsrun ps -a; tsrun images',
          cause: imageError,
        });
      });
    }
  };
  const inspect = async (name: string) => {
    const found = await inspectAny(name);
    printer.one(found);
    return found;
  };
  printer.end(await each(args, inspect, fail));
});

function isCode(error: unknown, code: TsrunError['code']): boolean {
  return error instanceof TsrunError && error.code === code;
}
