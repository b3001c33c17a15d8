import type { Verb } from '../verb.js';
import { COMMON_FLAGS } from './common.js';

export const TOP = {
  name: 'top',
  aliases: ['container top'],
  summary: 'Show the processes of a container',
  description:
    "What ps would say of them on the host, without running one: -ef (the default), aux, or -o with a list, whose numbers and names are the host's. Words without a hyphen are podman's: user, group, uid, gid, pid and ppid are those inside then, and huser, hgroup and hpid the host's.",
  args: [
    { name: 'CONTAINER', required: true, complete: 'up', help: 'a name or an id' },
    { name: 'PS OPTIONS', many: true, help: '-ef, aux, -o COLUMNS, or COLUMNS' },
  ],
  interspersed: false,
  examples: [
    ['tsrun top web', ''],
    ['tsrun top web -o pid,rss,args', 'with what it takes of memory'],
    ['tsrun top web pid hpid user', 'inside, and on the host'],
  ],
  flags: { ...COMMON_FLAGS },
} as const satisfies Verb;
