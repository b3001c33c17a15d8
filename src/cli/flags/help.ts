import type { Verb } from '../verb.js';
import { COMMON_FLAGS } from './common.js';

export const HELP = {
  name: 'help',
  summary: 'Show what the commands do',
  args: [{ name: 'COMMAND', many: true, complete: 'verb', help: 'the command to explain' }],
  interspersed: true,
  examples: [['tsrun help run', '']],
  flags: COMMON_FLAGS,
} as const satisfies Verb;
