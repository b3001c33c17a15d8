import { EVENT_FILTERS } from '../filter/events.js';
import { filterFlag } from '../filter/filter.js';
import type { Verb } from '../verb.js';
import { COMMON_FLAGS, FORMAT_FLAG } from './common.js';

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
    since: { type: 'string', placeholder: 'TIME', help: 'Begin with this time, or so long ago (10m)' },
    until: { type: 'string', placeholder: 'TIME', help: 'End with this time' },
    filter: filterFlag(EVENT_FILTERS),
    ...FORMAT_FLAG,
    ...COMMON_FLAGS,
  },
} as const satisfies Verb;
