import type { Verb } from '../verb.js';
import { COMMON_FLAGS, REGISTRY_FLAGS } from './common.js';

export const PULL = {
  name: 'pull',
  aliases: ['image pull'],
  summary: 'Bring an image into the store',
  description: 'Prints the full name of the image. An interrupted pull keeps its finished layers; the same command continues it.',
  args: [
    {
      name: 'IMAGE',
      required: true,
      complete: 'image',
      help: 'a reference, oci:DIR[:REF], oci-archive:FILE, docker-archive:FILE or dir:DIR',
    },
  ],
  interspersed: true,
  examples: [
    ['tsrun pull alpine', ''],
    ['tsrun pull --platform linux/arm64 debian:12', 'for another machine'],
  ],
  flags: {
    'all-platforms': { type: 'boolean', help: 'Of an image for several platforms all of them; this machine’s is unpacked' },
    ...REGISTRY_FLAGS,
    ...COMMON_FLAGS,
  },
} as const satisfies Verb;
