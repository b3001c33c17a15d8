import { filterFlag } from '../filter/filter.js';
import { IMAGE_FILTERS } from '../filter/images.js';
import type { Verb } from '../verb.js';
import { COMMON_FLAGS, FORMAT_FLAG, LIST_FLAGS } from './common.js';

export const IMAGES = {
  name: 'images',
  aliases: ['image ls', 'image list'],
  summary: 'List the images in the store',
  args: [{ name: 'REPOSITORY[:TAG]', complete: 'image', help: 'list these only' }],
  interspersed: true,
  examples: [
    ['tsrun images', ''],
    ["tsrun images -f reference='alpine:3.*' --format '{{.Tag}}'", 'the tags of a version'],
    ['tsrun rmi -f $(tsrun images -q alpine)', 'remove every tag of alpine'],
  ],
  flags: {
    all: { type: 'boolean', char: 'a', effect: 'cli', help: 'List all images; there are no intermediate ones that it would add' },
    ...LIST_FLAGS,
    filter: filterFlag(IMAGE_FILTERS),
    ...FORMAT_FLAG,
    digests: { type: 'boolean', effect: 'cli', help: 'Show digests' },
    ...COMMON_FLAGS,
  },
} as const satisfies Verb;
