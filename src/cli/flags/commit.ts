import type { Verb } from '../verb.js';
import { CHANGE_FLAG, COMMON_FLAGS, MESSAGE_FLAG } from './common.js';

export const COMMIT = {
  name: 'commit',
  aliases: ['container commit'],
  summary: 'Make an image of what a container changed',
  description:
    'The layers of its image stay as they are, what the container changed is one more; what is in volumes is no part of it. The image says how the container was run, ' +
    'and what --change makes of that. Prints its id.',
  args: [
    { name: 'CONTAINER', required: true, complete: 'container', help: 'its name, or the beginning of its id' },
    { name: 'NAME', complete: 'image', help: 'NAME[:TAG]' },
  ],
  interspersed: true,
  examples: [
    ['tsrun commit web mine:1', ''],
    [`tsrun commit --change 'CMD ["nginx"]' --change 'EXPOSE 80' web mine:2`, ''],
  ],
  flags: {
    ...CHANGE_FLAG,
    author: { type: 'string', char: 'a', placeholder: 'WHO', complete: 'nothing', help: 'Say who made it' },
    ...MESSAGE_FLAG,
    pause: { type: 'boolean', char: 'p', help: 'Let a container that runs stand still meanwhile (default true)' },
    iidfile: { type: 'string', placeholder: 'FILE', complete: 'file', help: "Write the image's id to this file" },
    quiet: { type: 'boolean', char: 'q', effect: 'cli', help: 'Print the id and nothing else' },
    ...COMMON_FLAGS,
  },
  later: { 'include-volumes': '', format: 'f', squash: 's', config: '' },
} as const satisfies Verb;
