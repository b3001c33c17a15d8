/** `container prune`, `system prune`, `system reset`: docker's and podman's names and meanings. */
import type { Verb } from '../verb.js';
import { COMMON_FLAGS } from './common.js';

const FORCE = { type: 'boolean', char: 'f', effect: 'cli', help: 'Do not ask' } as const;
const FILTER = {
  type: 'strings',
  placeholder: 'KEY=VALUE',
  help: 'Remove only what was made before until=, has label= or has not label!=',
} as const;

export const CONTAINER_PRUNE = {
  name: 'container prune',
  summary: 'Remove all containers that do not run',
  args: [],
  interspersed: true,
  examples: [['tsrun container prune -f --filter until=24h', 'those made more than a day ago']],
  flags: { force: FORCE, filter: FILTER, ...COMMON_FLAGS },
} as const satisfies Verb;

export const IMAGE_PRUNE = {
  name: 'image prune',
  summary: 'Remove images that have no tag and are not in use',
  args: [],
  interspersed: true,
  examples: [['tsrun image prune -af --filter until=240h', 'also those with a tag, made more than ten days ago']],
  flags: {
    all: { type: 'boolean', char: 'a', help: 'Also those with a tag' },
    force: FORCE,
    filter: FILTER,
    ...COMMON_FLAGS,
  },
} as const satisfies Verb;

export const SYSTEM_PRUNE = {
  name: 'system prune',
  summary: 'Remove what is not in use, and what interrupted runs left behind',
  args: [],
  interspersed: true,
  examples: [['tsrun system prune -af --volumes', 'also images that no container has, and anonymous volumes']],
  flags: {
    force: FORCE,
    all: { type: 'boolean', char: 'a', help: 'Also images with a name that no container was made from' },
    volumes: { type: 'boolean', help: 'Also anonymous volumes that no container has' },
    filter: FILTER,
    ...COMMON_FLAGS,
  },
} as const satisfies Verb;

export const SYSTEM_RESET = {
  name: 'system reset',
  summary: 'End all containers and remove everything that tsrun has stored',
  args: [],
  interspersed: true,
  examples: [['tsrun system reset', 'says what will go, and asks']],
  flags: { force: FORCE, ...COMMON_FLAGS },
} as const satisfies Verb;
