import { defineEach } from '../cli/each-container.js';
import { STOP } from '../cli/flags/stop.js';

export default defineEach(STOP, async (name, options) => {
  const { stopContainer } = await import('../index.js');
  return stopContainer(name, options);
});
