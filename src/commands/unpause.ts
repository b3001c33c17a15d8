import { defineEach } from '../cli/each-container.js';
import { UNPAUSE } from '../cli/flags/unpause.js';

export default defineEach(UNPAUSE, async (name, options) => {
  const { unpauseContainer } = await import('../index.js');
  return unpauseContainer(name, options);
});
