import type { Verb } from '../verb.js';
import { COMMON_FLAGS } from './common.js';

export const GC = {
  name: 'gc',
  summary: 'Remove what no image and no container needs, and images that were not used for long',
  description:
    'Without limits no image goes. Those that containers were made from never do. An image is used when it is pulled, tagged or run; the mtime of its reference says when, to the hour.',
  args: [],
  interspersed: true,
  examples: [
    ['tsrun gc', 'blobs and layers that interrupted pulls left'],
    ['tsrun gc --max-size 20g --older-than 30d', 'in a cron job'],
  ],
  flags: {
    'max-size': {
      type: 'string',
      placeholder: 'SIZE',
      help: 'Remove images, the least recently used first, until blobs and layers take no more',
    },
    'older-than': {
      type: 'string',
      placeholder: 'DURATION',
      complete: ['24h', '7d', '30d'],
      help: 'Remove images that were not used for so long: 240h, 30d',
    },
    ...COMMON_FLAGS,
  },
} as const satisfies Verb;
