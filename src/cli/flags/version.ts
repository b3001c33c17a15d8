import type { Verb } from '../verb.js';
import { COMMON_FLAGS } from './common.js';

export const VERSION = {
  name: 'version',
  summary: 'Show the version',
  args: [],
  interspersed: true,
  examples: [['tsrun --version', '']],
  flags: COMMON_FLAGS,
} as const satisfies Verb;
