import type { Verb } from '../verb.js';
import { GLOBAL_FLAGS, HELP_FLAG } from './common.js';

/** What may stand before the command: `tsrun --root DIR images` is `tsrun images --root DIR`. */
export const LEADING = {
  name: '',
  summary: '',
  args: [{ name: 'COMMAND', many: true, help: '' }],
  interspersed: false,
  examples: [],
  flags: {
    ...GLOBAL_FLAGS,
    help: { ...HELP_FLAG.help, char: 'h' },
    version: { type: 'boolean', char: 'v', effect: 'cli', help: 'Show the version' },
  },
} as const satisfies Verb;
