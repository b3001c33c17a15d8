import { defineEach } from '../cli/each-container.js';
import { RESTART } from '../cli/flags/restart.js';

export default defineEach(RESTART, async (name, options) => {
  const { restartContainer } = await import('../index.js');
  return restartContainer(name, options);
});
