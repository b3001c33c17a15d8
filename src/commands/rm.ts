import { defineEach } from '../cli/each-container.js';
import { RM } from '../cli/flags/rm.js';
import { TsrunError } from '../errors.js';

export default defineEach(RM, async (name, options) => {
  const { removeContainer } = await import('../index.js');
  try {
    return await removeContainer(name, options);
  } catch (error) {
    // As docker and podman: what is gone is what was wanted.
    if (options.force && error instanceof TsrunError && error.code === 'ERR_TSRUN_CONTAINER_NOT_FOUND') return { id: name };
    throw error;
  }
});
