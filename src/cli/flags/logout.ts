import type { Verb } from '../verb.js';
import { ACCOUNT_FLAGS, COMMON_FLAGS } from './common.js';

export const LOGOUT = {
  name: 'logout',
  summary: 'Log out from a registry',
  description: 'Takes the login out of every file that is read, and from the credential helpers that they name.',
  args: [{ name: 'REGISTRY', complete: 'nothing', help: 'as it was logged in to; default docker.io' }],
  interspersed: true,
  examples: [
    ['tsrun logout quay.io', ''],
    ['tsrun logout --all', ''],
  ],
  flags: {
    all: { type: 'boolean', char: 'a', effect: 'cli', help: 'Log out from all registries' },
    authfile: ACCOUNT_FLAGS.authfile,
    ...COMMON_FLAGS,
  },
} as const satisfies Verb;
