import { defineEach } from '../cli/each-container.js';
import { RM } from '../cli/flags/rm.js';

export default defineEach(RM, async (name, options) => {
  const { removeContainer } = await import('../index.js');
  return removeContainer(name, options);
});
