import type { Verb } from '../verb.js';
import { COMMON_FLAGS } from './common.js';

export const EXPORT = {
  name: 'export',
  aliases: ['container export'],
  summary: 'Write all files of a container to a tar',
  description: 'Its own root file system, whether it runs or not: what is in volumes, and what else is mounted, is no part of it.',
  args: [{ name: 'CONTAINER', required: true, complete: 'container', help: 'its name, or the beginning of its id' }],
  interspersed: true,
  examples: [
    ['tsrun export -o web.tar web', ''],
    ['tsrun export web | tar -t', ''],
  ],
  flags: {
    output: {
      type: 'string',
      char: 'o',
      placeholder: 'FILE',
      complete: 'file',
      effect: 'cli',
      help: 'Write to this file, not to standard output',
    },
    ...COMMON_FLAGS,
  },
} as const satisfies Verb;
