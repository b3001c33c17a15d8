import type { Verb } from '../verb.js';
import { COMMON_FLAGS } from './common.js';
import { timeout } from './seconds.js';

export const STOP = {
  name: 'stop',
  aliases: ['container stop'],
  summary: 'End containers by their stop signal',
  args: [{ name: 'CONTAINER', required: true, many: true, complete: 'up', help: 'a name or an id' }],
  interspersed: true,
  examples: [['tsrun stop -t 30 web', '']],
  flags: {
    timeout: {
      type: 'string',
      char: 't',
      placeholder: 'SECONDS',
      parse: timeout,
      help: 'How long that may take before KILL; -1: no KILL (default 10)',
    },
    'stop-signal': {
      type: 'string',
      char: 's',
      placeholder: 'SIGNAL',
      complete: 'signal',
      help: "Send this one in place of the container's own",
    },
    ...COMMON_FLAGS,
  },
} as const satisfies Verb;
