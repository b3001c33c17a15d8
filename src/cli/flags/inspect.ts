import type { Verb } from '../verb.js';
import { COMMON_FLAGS, INSPECT_FLAG } from './common.js';

export const INSPECT = {
  name: 'inspect',
  aliases: ['container inspect'],
  summary: 'Show a container, or else an image, as JSON',
  args: [{ name: 'NAME', required: true, many: true, complete: 'object', help: 'the name or id of a container, or an image' }],
  interspersed: true,
  examples: [
    ['tsrun inspect web', ''],
    ["tsrun inspect -f '{{.State.Pid}}' web", 'one thing alone'],
  ],
  flags: {
    type: {
      type: 'string',
      values: ['container', 'image'],
      placeholder: 'TYPE',
      effect: 'cli',
      help: 'Look for a container or an image only',
    },
    size: { type: 'boolean', char: 's', effect: 'cli', help: 'Show how much a container wrote: SizeRw, SizeRootFs' },
    ...INSPECT_FLAG,
    ...COMMON_FLAGS,
  },
} as const satisfies Verb;
