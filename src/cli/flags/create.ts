/** `tsrun create`: run's flags but for those that only concern its beginning. */
import type { Verb } from '../verb.js';
import { RUN } from './run.js';

const { detach: _detach, 'detach-keys': _keys, 'dry-run': _dryRun, ...flags } = RUN.flags;

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
} as const satisfies Verb;
