import type { Verb } from '../verb.js';
import { COMMON_FLAGS } from './common.js';

export const RM = {
  name: 'rm',
  aliases: ['container rm', 'container remove'],
  summary: 'Remove containers',
  args: [{ name: 'CONTAINER', required: true, many: true, complete: 'container', help: 'a name or an id' }],
  interspersed: true,
  examples: [['tsrun rm -f web', 'also when it runs']],
  flags: {
    force: { type: 'boolean', char: 'f', help: 'Kill it first if it runs' },
    volumes: { type: 'boolean', char: 'v', help: 'Remove its anonymous volumes as well' },
    ...COMMON_FLAGS,
  },
} as const satisfies Verb;
