/** The whole table, by topic. */
import type { Topic } from './row.js';
import { ROWS as CAPABILITIES } from './rows/capabilities.js';
import { ROWS as COPY } from './rows/copy.js';
import { ROWS as ENTRYPOINT } from './rows/entrypoint.js';
import { ROWS as ENV_FILE } from './rows/env-file.js';
import { ROWS as ENVIRONMENT } from './rows/environment.js';
import { ROWS as EXIT_STATUS } from './rows/exit-status.js';
import { ROWS as FLAGS } from './rows/flags.js';
import { ROWS as HEALTH } from './rows/health.js';
import { ROWS as INSIDE } from './rows/inside.js';
import { ROWS as INSPECT } from './rows/inspect.js';
import { ROWS as LIFE } from './rows/life.js';
import { ROWS as MOUNTS } from './rows/mounts.js';
import { ROWS as NAMES } from './rows/names.js';
import { ROWS as NAMESPACES } from './rows/namespaces.js';
import { ROWS as NETWORK } from './rows/network.js';
import { ROWS as READ_ONLY } from './rows/read-only.js';
import { ROWS as SECURITY_OPT } from './rows/security-opt.js';
import { ROWS as SIGNALS } from './rows/signals.js';
import { ROWS as STREAMS } from './rows/streams.js';
import { ROWS as TMPFS } from './rows/tmpfs.js';
import { ROWS as USER } from './rows/user.js';
import { ROWS as USERNS } from './rows/userns.js';
import { ROWS as VOLUMES } from './rows/volumes.js';
import { ROWS as WORKDIR } from './rows/workdir.js';

export const TABLE: readonly Topic[] = [
  ['exit-status', EXIT_STATUS],
  ['streams', STREAMS],
  ['environment', ENVIRONMENT],
  ['env-file', ENV_FILE],
  ['user', USER],
  ['entrypoint', ENTRYPOINT],
  ['workdir', WORKDIR],
  ['mounts', MOUNTS],
  ['tmpfs', TMPFS],
  ['read-only', READ_ONLY],
  ['names', NAMES],
  ['signals', SIGNALS],
  ['flags', FLAGS],
  ['life', LIFE],
  ['inspect', INSPECT],
  ['volumes', VOLUMES],
  ['network', NETWORK],
  ['inside', INSIDE],
  ['health', HEALTH],
  ['copy', COPY],
  ['namespaces', NAMESPACES],
  ['capabilities', CAPABILITIES],
  ['security-opt', SECURITY_OPT],
  ['userns', USERNS],
];
