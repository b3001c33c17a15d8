import type { Verb } from '../verb.js';
import { CHANGE_FLAG, COMMON_FLAGS, MESSAGE_FLAG, PLATFORM_FLAGS } from './common.js';

export const IMPORT = {
  name: 'import',
  aliases: ['image import'],
  summary: "Make an image of a root file system's tar",
  description:
    'The tar may be plain, or compressed by gzip, zstd, xz or bzip2. The image has one layer, and says what --change does. Prints its id.',
  args: [
    { name: 'FILE', required: true, complete: 'file', help: 'a tar, or - for standard input' },
    { name: 'NAME', complete: 'image', help: 'NAME[:TAG]' },
  ],
  interspersed: true,
  examples: [
    [`tsrun export web | tsrun import --change 'CMD ["sh"]' - mine`, ''],
    ['tsrun import rootfs.tar.xz mine:1', ''],
  ],
  flags: {
    ...CHANGE_FLAG,
    ...MESSAGE_FLAG,
    ...PLATFORM_FLAGS,
    quiet: { type: 'boolean', char: 'q', effect: 'cli', help: 'Print no progress' },
    ...COMMON_FLAGS,
  },
} as const satisfies Verb;
