import type { Verb } from '../verb.js';
import { COMMON_FLAGS } from './common.js';

export const KILL = {
  name: 'kill',
  aliases: ['container kill'],
  summary: 'Send containers a signal',
  args: [{ name: 'CONTAINER', required: true, many: true, complete: 'up', help: 'a name or an id' }],
  interspersed: true,
  examples: [['tsrun kill -s HUP web', 'let it read its configuration again']],
  flags: {
    signal: {
      type: 'string',
      char: 's',
      effect: 'cli',
      placeholder: 'SIGNAL',
      complete: 'signal',
      help: 'A name or number (default KILL)',
    },
    ...COMMON_FLAGS,
  },
} as const satisfies Verb;
