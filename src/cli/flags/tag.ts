import type { Verb } from '../verb.js';
import { COMMON_FLAGS } from './common.js';

export const TAG = {
  name: 'tag',
  aliases: ['image tag'],
  summary: 'Give an image further names',
  description: 'What had one of the names so far keeps its digest as a name, unless it has another: `images` shows it as <none>.',
  args: [
    { name: 'SOURCE', required: true, complete: 'image', help: 'a reference or an id' },
    { name: 'TARGET', required: true, many: true, complete: 'image', help: 'NAME[:TAG]' },
  ],
  interspersed: true,
  examples: [['tsrun tag alpine registry.example.com/base:1', '']],
  flags: { ...COMMON_FLAGS },
} as const satisfies Verb;

export const UNTAG = {
  name: 'untag',
  aliases: ['image untag'],
  summary: 'Take names away from an image',
  description: 'The image stays, by its digest if it has no other name; rmi and image prune remove it.',
  args: [
    { name: 'IMAGE', required: true, complete: 'image', help: 'a reference or an id' },
    { name: 'NAME', many: true, complete: 'image', help: 'these names only' },
  ],
  interspersed: true,
  examples: [['tsrun untag alpine registry.example.com/base:1', '']],
  flags: { ...COMMON_FLAGS },
} as const satisfies Verb;
