import type { Verb } from '../verb.js';
import { COMMON_FLAGS, INSPECT_FLAG, PLATFORMS } from './common.js';

export const IMAGE_INSPECT = {
  name: 'image inspect',
  summary: 'Show an image as JSON',
  args: [{ name: 'IMAGE', required: true, many: true, complete: 'image', help: 'a reference or an id' }],
  interspersed: true,
  examples: [['tsrun image inspect alpine', '']],
  flags: {
    platform: {
      type: 'string',
      placeholder: 'OS/ARCH[/VARIANT]',
      complete: PLATFORMS,
      help: "The image for this platform (default: the host's)",
    },
    ...INSPECT_FLAG,
    ...COMMON_FLAGS,
  },
} as const satisfies Verb;
