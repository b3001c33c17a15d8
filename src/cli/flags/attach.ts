import type { Verb } from '../verb.js';
import { COMMON_FLAGS, DETACH_KEYS_FLAG } from './common.js';

export const ATTACH = {
  name: 'attach',
  aliases: ['container attach'],
  summary: 'Connect to a container that runs',
  description:
    'Shows its output from now on, types what comes on standard input if it was started with -i, hands signals on and ends as it ends. At a terminal ctrl-p ctrl-q leave it running.',
  args: [{ name: 'CONTAINER', required: true, complete: 'up', help: 'a name or an id' }],
  interspersed: true,
  examples: [['tsrun attach work', '']],
  flags: {
    ...DETACH_KEYS_FLAG,
    'no-stdin': { type: 'boolean', help: 'Do not type what comes on standard input' },
    'sig-proxy': { type: 'boolean', help: 'Hand signals on (default true)' },
    ...COMMON_FLAGS,
  },
} as const satisfies Verb;
