import type { Verb } from '../verb.js';
import { COMMON_FLAGS } from './common.js';
import { timeout } from './seconds.js';

export const RESTART = {
  name: 'restart',
  aliases: ['container restart'],
  summary: 'End containers and start them again',
  args: [{ name: 'CONTAINER', required: true, many: true, complete: 'container', help: 'a name or an id' }],
  interspersed: true,
  examples: [['tsrun restart web', '']],
  flags: {
    timeout: {
      type: 'string',
      char: 't',
      placeholder: 'SECONDS',
      parse: timeout,
      help: 'How long the end may take before KILL; -1: no KILL (default 10)',
    },
    ...COMMON_FLAGS,
  },
} as const satisfies Verb;
