import type { Verb } from '../verb.js';
import { COMMON_FLAGS } from './common.js';

export const RMI = {
  name: 'rmi',
  aliases: ['image rm', 'image remove'],
  summary: 'Remove images from the store',
  args: [{ name: 'IMAGE', required: true, many: true, complete: 'image', help: 'a reference or an id' }],
  interspersed: true,
  examples: [['tsrun rmi alpine debian:12', '']],
  flags: {
    force: { type: 'boolean', char: 'f', help: 'Remove it even when containers use it, and by id with all of its names' },
    ...COMMON_FLAGS,
  },
} as const satisfies Verb;
