import type { Verb } from '../verb.js';
import { COMMON_FLAGS } from './common.js';

export const PAUSE = {
  name: 'pause',
  aliases: ['container pause'],
  summary: 'Stop all processes of containers',
  args: [{ name: 'CONTAINER', required: true, many: true, complete: 'up', help: 'a name or an id' }],
  interspersed: true,
  examples: [['tsrun pause build', '']],
  flags: {
    ...COMMON_FLAGS,
  },
} as const satisfies Verb;
