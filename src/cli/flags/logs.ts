import type { Verb } from '../verb.js';
import { COMMON_FLAGS, PERIOD_FLAGS } from './common.js';

export const LOGS = {
  name: 'logs',
  aliases: ['container logs'],
  summary: 'Show what a container has printed',
  description: 'What it printed on standard output comes on standard output, the rest on standard error.',
  args: [{ name: 'CONTAINER', required: true, complete: 'container', help: 'a name or an id' }],
  interspersed: true,
  examples: [
    ['tsrun logs -f --tail 20 web', 'the last lines, and what comes'],
    ['tsrun logs --since 10m -t web', 'of the last ten minutes, with times'],
  ],
  flags: {
    follow: { type: 'boolean', char: 'f', help: 'Go on until it ends' },
    ...PERIOD_FLAGS,
    tail: { type: 'string', char: 'n', placeholder: 'LINES', help: 'The last lines only (default all)' },
    timestamps: { type: 'boolean', char: 't', effect: 'cli', help: 'Put the time in front of each line' },
    ...COMMON_FLAGS,
  },
} as const satisfies Verb;
