import type { Verb } from '../verb.js';
import { ACCESS_FLAGS, COMMON_FLAGS, SEND_FLAGS } from './common.js';

export const PUSH = {
  name: 'push',
  aliases: ['image push'],
  summary: 'Send an image to a registry',
  description:
    'The image goes as it was pulled, with the digest that it has. One for several platforms goes with all of them where the store has them all; else the platform that is here goes alone. Prints the full name with the digest.',
  args: [
    { name: 'IMAGE', required: true, complete: 'image', help: 'a reference or an id' },
    { name: 'DEST', complete: 'image', help: 'where to, HOST/NAME[:TAG] (default: as the image is called)' },
  ],
  interspersed: true,
  examples: [
    ['tsrun push registry.example.com/team/app:1', ''],
    ['tsrun push --digestfile digest app registry.example.com/team/app', 'under another name'],
  ],
  flags: { ...SEND_FLAGS, ...ACCESS_FLAGS, ...COMMON_FLAGS },
} as const satisfies Verb;
