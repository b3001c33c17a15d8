import type { Verb } from '../verb.js';
import { COMMON_FLAGS } from './common.js';

export const UNPAUSE = {
  name: 'unpause',
  aliases: ['container unpause'],
  summary: 'Let the processes of containers go on',
  args: [{ name: 'CONTAINER', required: true, many: true, complete: 'paused', help: 'a name or an id' }],
  interspersed: true,
  examples: [['tsrun unpause build', '']],
  flags: {
    ...COMMON_FLAGS,
  },
} as const satisfies Verb;
