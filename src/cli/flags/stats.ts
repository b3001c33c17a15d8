import type { Verb } from '../verb.js';
import { COMMON_FLAGS, FORMAT_FLAG, LIST_FLAGS } from './common.js';

export const STATS = {
  name: 'stats',
  aliases: ['container stats'],
  summary: 'Show what containers use, each second',
  description: 'Of those named, else of all that run, until it is interrupted. 100 % of CPU is one of them.',
  args: [{ name: 'CONTAINER', many: true, complete: 'up', help: 'a name or an id' }],
  interspersed: true,
  examples: [
    ['tsrun stats', 'on a terminal drawn anew each second'],
    ["tsrun stats --no-stream --format '{{.Name}} {{.MemUsage}}'", 'once'],
  ],
  flags: {
    all: { type: 'boolean', char: 'a', help: 'Show all containers, not only those that run' },
    'no-stream': { type: 'boolean', effect: 'cli', help: 'Show it once' },
    'no-trunc': LIST_FLAGS['no-trunc'],
    ...FORMAT_FLAG,
    ...COMMON_FLAGS,
  },
} as const satisfies Verb;
