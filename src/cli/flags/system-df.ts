import type { Verb } from '../verb.js';
import { COMMON_FLAGS, FORMAT_FLAG } from './common.js';

export const SYSTEM_DF = {
  name: 'system df',
  summary: 'Show what the store takes on the disk',
  description:
    'Counted as du does: holes take nothing, a file with several names counts once, and so does a layer that several images share. RECLAIMABLE is what prune would really free.',
  args: [],
  interspersed: true,
  examples: [['tsrun system df -v', 'each image, container, volume and layer']],
  flags: {
    verbose: { type: 'boolean', char: 'v', effect: 'cli', help: 'Show each image, container, volume and layer' },
    ...FORMAT_FLAG,
    ...COMMON_FLAGS,
  },
} as const satisfies Verb;
