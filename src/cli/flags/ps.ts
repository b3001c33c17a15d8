import type { Verb } from '../verb.js';
import { COMMON_FLAGS, LIST_FLAGS } from './common.js';

export const PS = {
  name: 'ps',
  aliases: ['container ls', 'container list', 'container ps'],
  summary: 'List containers',
  args: [],
  interspersed: true,
  examples: [['tsrun ps -a', 'also those that have ended']],
  flags: {
    all: { type: 'boolean', char: 'a', help: 'List all containers, not only those that run' },
    ...LIST_FLAGS,
    ...COMMON_FLAGS,
  },
} as const satisfies Verb;
