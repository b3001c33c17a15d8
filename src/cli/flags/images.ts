import type { Verb } from '../verb.js';
import { COMMON_FLAGS, LIST_FLAGS } from './common.js';

export const IMAGES = {
  name: 'images',
  aliases: ['image ls', 'image list'],
  summary: 'List the images in the store',
  args: [{ name: 'REPOSITORY[:TAG]', help: 'list these only' }],
  interspersed: true,
  examples: [
    ['tsrun images', ''],
    ['tsrun rmi $(tsrun images -q alpine)', 'remove every tag of alpine'],
  ],
  flags: {
    ...LIST_FLAGS,
    digests: { type: 'boolean', effect: 'cli', help: 'Show digests' },
    ...COMMON_FLAGS,
  },
} as const satisfies Verb;
