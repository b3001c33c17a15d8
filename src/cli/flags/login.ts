import type { Verb } from '../verb.js';
import { ACCOUNT_FLAGS, COMMON_FLAGS } from './common.js';

export const LOGIN = {
  name: 'login',
  summary: 'Log in to a registry',
  description:
    'Asks the registry first, and keeps only what it accepts: with the credential helper that is configured (credsStore, credHelpers), else in ~/.docker/config.json if there is one, else in ~/.config/containers/auth.json. docker and podman read the same files. Without -u, the login that there is already is tried.',
  args: [{ name: 'REGISTRY', complete: 'nothing', help: 'HOST[:PORT], with a /NAMESPACE if you like; default docker.io' }],
  interspersed: true,
  examples: [
    ['tsrun login quay.io', 'asks for the user name and the password'],
    ['pass show quay | tsrun login -u ada --password-stdin quay.io', ''],
  ],
  flags: {
    username: { type: 'string', char: 'u', placeholder: 'USER', complete: 'nothing', help: 'The user name' },
    password: { type: 'string', char: 'p', placeholder: 'PASSWORD', complete: 'nothing', help: 'The password, which others can see in ps' },
    'password-stdin': { type: 'boolean', effect: 'cli', help: 'Read the password from standard input' },
    'get-login': { type: 'boolean', effect: 'cli', help: 'Print who is logged in, and do nothing' },
    ...ACCOUNT_FLAGS,
    ...COMMON_FLAGS,
  },
} as const satisfies Verb;
