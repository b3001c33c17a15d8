import type { Verb } from '../verb.js';
import { COMMON_FLAGS } from './common.js';

export const PORT = {
  name: 'port',
  aliases: ['container port'],
  summary: 'Show where the published ports of a container are open',
  args: [
    { name: 'CONTAINER', required: true, complete: 'up', help: 'its name, or the beginning of its id' },
    { name: 'PORT', help: 'one port of the container: 80, or 53/udp' },
  ],
  interspersed: true,
  examples: [
    ['tsrun port web', 'all of them'],
    ['tsrun port web 80', 'the addresses of one'],
  ],
  flags: COMMON_FLAGS,
} as const satisfies Verb;
