import type { Verb } from '../verb.js';
import { COMMON_FLAGS, FORMAT_FLAG } from './common.js';

export const DIFF = {
  name: 'diff',
  aliases: ['container diff'],
  summary: 'Show what a container changed of its image: A added, C changed, D deleted',
  args: [{ name: 'CONTAINER', required: true, complete: 'container', help: 'its name, or the beginning of its id' }],
  interspersed: true,
  examples: [['tsrun diff web', '']],
  flags: { ...FORMAT_FLAG, ...COMMON_FLAGS },
} as const satisfies Verb;
