import type { Verb } from '../verb.js';
import { ACCESS_FLAGS, COMMON_FLAGS } from './common.js';

export const SEARCH_TAGS = {
  name: 'search-tags',
  summary: 'List the tags that a registry has of a repository',
  description: 'The registry itself is asked, never a mirror.',
  args: [{ name: 'REPOSITORY', required: true, complete: 'image', help: '[HOST[:PORT]/]NAME' }],
  interspersed: true,
  examples: [['tsrun search-tags registry.example.com/team/app', '']],
  flags: {
    ...ACCESS_FLAGS,
    ...COMMON_FLAGS,
  },
} as const satisfies Verb;
