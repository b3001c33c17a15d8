import { defineEach } from '../cli/each-container.js';
import { KILL } from '../cli/flags/kill.js';

export default defineEach(KILL, async (name, options, values) => {
  const { killContainer } = await import('../index.js');
  return killContainer(name, { ...options, ...(values.signal === undefined ? {} : { killSignal: values.signal }) });
});
