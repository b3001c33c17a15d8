import { defineEach } from '../cli/each-container.js';
import { PAUSE } from '../cli/flags/pause.js';

export default defineEach(PAUSE, async (name, options) => {
  const { pauseContainer } = await import('../index.js');
  return pauseContainer(name, options);
});
