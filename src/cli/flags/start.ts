import type { Verb } from '../verb.js';
import { COMMON_FLAGS, DETACH_KEYS_FLAG, VERBOSE_FLAG } from './common.js';

export const START = {
  name: 'start',
  aliases: ['container start'],
  summary: 'Start containers that were created or have ended',
  args: [{ name: 'CONTAINER', required: true, many: true, complete: 'quiet', help: 'a name or an id' }],
  interspersed: true,
  examples: [['tsrun start -ai work', 'and connect to it']],
  flags: {
    attach: { type: 'boolean', char: 'a', effect: 'cli', help: 'Show its output, hand on signals, end as it ends' },
    interactive: { type: 'boolean', char: 'i', effect: 'cli', help: 'Give it standard input' },
    ...DETACH_KEYS_FLAG,
    'sig-proxy': {
      type: 'boolean',
      effect: 'cli',
      help: 'With -a hand signals on; false: they end tsrun, and the container with it (default true)',
    },
    ...VERBOSE_FLAG,
    ...COMMON_FLAGS,
  },
} as const satisfies Verb;
