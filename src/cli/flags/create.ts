/** `tsrun create`: run's flags but for those that only concern its beginning. */
import type { Verb } from '../verb.js';
import { RUN } from './run.js';

const {
  detach: _detach,
  'detach-keys': _keys,
  'dry-run': _dryRun,
  attach: _attach,
  'sig-proxy': _sigProxy,
  'preserve-fds': _preserveFds,
  ...flags
} = RUN.flags;

/** docker keeps them, and its `start` does not look at them. */
const CREATE_WITHOUT_EFFECT = {
  attach: { type: 'string', char: 'a', note: 'start -a shows all of its output' },
  'sig-proxy': { type: 'boolean', note: 'start -a --sig-proxy says whether it hands signals on' },
} as const;

export const CREATE = {
  name: 'create',
  aliases: ['container create'],
  summary: 'Make a container without starting it',
  description: 'Pulls the image if it is not in the store and prints the id of the new container. Start it with: tsrun start',
  args: RUN.args,
  interspersed: false,
  examples: [['tsrun create --name web -p 8080:80 nginx', 'later: tsrun start web']],
  flags,
  later: RUN.later,
  withoutEffect: { ...RUN.withoutEffect, ...CREATE_WITHOUT_EFFECT },
} as const satisfies Verb;
