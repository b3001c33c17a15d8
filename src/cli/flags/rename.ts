import type { Verb } from '../verb.js';
import { COMMON_FLAGS } from './common.js';

export const RENAME = {
  name: 'rename',
  aliases: ['container rename'],
  summary: 'Give a container another name',
  args: [
    { name: 'CONTAINER', required: true, complete: 'container', help: 'a name or an id' },
    { name: 'NAME', required: true, help: 'its new name' },
  ],
  interspersed: true,
  examples: [['tsrun rename calm-heron-3f web', '']],
  flags: COMMON_FLAGS,
} as const satisfies Verb;
