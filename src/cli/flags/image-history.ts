import type { Verb } from '../verb.js';
import { COMMON_FLAGS, FORMAT_FLAG, LIST_FLAGS } from './common.js';
import { IMAGE_INSPECT } from './image-inspect.js';

export const IMAGE_HISTORY = {
  name: 'history',
  aliases: ['image history'],
  summary: 'Show the steps that made an image',
  description: 'SIZE is what a step added, unpacked. What is not unpacked yet is estimated by its compressed layer; --json has both.',
  args: [{ name: 'IMAGE', required: true, complete: 'image', help: 'a reference or an id' }],
  interspersed: true,
  examples: [['tsrun history --no-trunc alpine', 'with the commands in full']],
  flags: {
    platform: IMAGE_INSPECT.flags.platform,
    ...LIST_FLAGS,
    human: { type: 'boolean', char: 'H', effect: 'cli', help: 'Print sizes and ages for people; false: bytes and times (default true)' },
    ...FORMAT_FLAG,
    ...COMMON_FLAGS,
  },
} as const satisfies Verb;
