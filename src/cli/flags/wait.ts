import type { Verb } from '../verb.js';
import { COMMON_FLAGS } from './common.js';

export const WAIT = {
  name: 'wait',
  aliases: ['container wait'],
  summary: 'Wait until containers have ended and print their exit statuses',
  args: [{ name: 'CONTAINER', required: true, many: true, complete: 'container', help: 'a name or an id' }],
  interspersed: true,
  examples: [['tsrun wait build && tsrun logs build', '']],
  flags: {
    condition: {
      type: 'string',
      values: ['not-running', 'next-exit', 'removed'],
      placeholder: 'CONDITION',
      help: 'not-running, next-exit or removed (default not-running)',
    },
    ...COMMON_FLAGS,
  },
} as const satisfies Verb;
