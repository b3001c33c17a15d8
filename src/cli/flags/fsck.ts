import type { Verb } from '../verb.js';
import { COMMON_FLAGS } from './common.js';

export const FSCK = {
  name: 'fsck',
  aliases: ['system check'],
  summary: 'Check everything in the store',
  description:
    'Reads all blobs, references, unpacked layers, containers and volumes while others pull and run. Ends with 0 when nothing is damaged, with 1 when something is. What killed processes left is no damage.',
  args: [],
  interspersed: true,
  examples: [['tsrun fsck --repair', 'removes what is damaged and can be had again']],
  flags: {
    repair: { type: 'boolean', help: 'Remove what is damaged and can be pulled or unpacked again; never a container or a volume' },
    ...COMMON_FLAGS,
  },
} as const satisfies Verb;
