import type { Verb } from '../verb.js';
import { ACCESS_FLAGS, COMMON_FLAGS, INSPECT_FLAG, PLATFORMS } from './common.js';

export const IMAGE_INSPECT = {
  name: 'image inspect',
  summary: 'Show an image as JSON',
  args: [{ name: 'IMAGE', required: true, many: true, complete: 'image', help: 'a reference or an id' }],
  interspersed: true,
  examples: [
    ['tsrun image inspect alpine', ''],
    ['tsrun image inspect --remote --format json debian:12', 'before it is pulled'],
  ],
  flags: {
    platform: {
      type: 'string',
      placeholder: 'OS/ARCH[/VARIANT]',
      complete: PLATFORMS,
      help: "The image for this platform (default: the host's)",
    },
    remote: { type: 'boolean', help: 'As its registry has it now, without pulling it' },
    ...ACCESS_FLAGS,
    ...INSPECT_FLAG,
    ...COMMON_FLAGS,
  },
} as const satisfies Verb;
