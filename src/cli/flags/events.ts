import { EVENT_FILTERS } from '../filter/events.js';
import { filterFlag } from '../filter/filter.js';
import type { Verb } from '../verb.js';
import { COMMON_FLAGS, FORMAT_FLAG, PERIOD_FLAGS } from './common.js';

export const EVENTS = {
  name: 'events',
  aliases: ['system events'],
  summary: 'Show what happens to containers, images and volumes',
  description: 'Those that come, until it is interrupted; with --since also those that were, with --until no later ones.',
  args: [],
  interspersed: true,
  examples: [
    ['tsrun events --filter event=die', 'tell of every end'],
    ["tsrun events --since 1h --until 0s --format '{{.Action}} {{.Actor.Attributes.name}}'", 'of the last hour'],
  ],
  flags: {
    ...PERIOD_FLAGS,
    filter: filterFlag(EVENT_FILTERS),
    ...FORMAT_FLAG,
    ...COMMON_FLAGS,
  },
} as const satisfies Verb;
