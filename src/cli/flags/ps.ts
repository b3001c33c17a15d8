import { CONTAINER_FILTERS } from '../filter/containers.js';
import { filterFlag } from '../filter/filter.js';
import type { Verb } from '../verb.js';
import { COMMON_FLAGS, FORMAT_FLAG, LIST_FLAGS } from './common.js';

export const PS = {
  name: 'ps',
  aliases: ['container ls', 'container list', 'container ps'],
  summary: 'List containers',
  args: [],
  interspersed: true,
  examples: [
    ['tsrun ps -a', 'also those that have ended'],
    ["tsrun ps -a -f exited=0 --format '{{.Names}}: {{.Status}}'", 'what succeeded'],
  ],
  flags: {
    all: { type: 'boolean', char: 'a', effect: 'cli', help: 'List all containers, not only those that run' },
    ...LIST_FLAGS,
    filter: filterFlag(CONTAINER_FILTERS),
    ...FORMAT_FLAG,
    last: {
      type: 'string',
      char: 'n',
      placeholder: 'N',
      effect: 'cli',
      parse: wholeNumber,
      help: 'List the N containers made last, also those that have ended',
    },
    latest: { type: 'boolean', char: 'l', effect: 'cli', help: 'List the container made last, also when it has ended' },
    size: { type: 'boolean', char: 's', effect: 'cli', help: 'Show how much each wrote, and with its image' },
    ...COMMON_FLAGS,
  },
} as const satisfies Verb;

function wholeNumber(text: string): number {
  if (/^-?\d{1,9}$/.test(text)) return Number(text);
  throw new Error('must be a whole number');
}
