import type { Verb } from '../verb.js';
import { DETACH_KEYS_FLAG, GLOBAL_FLAGS, HELP_FLAG } from './common.js';
import { count } from './seconds.js';

export const EXEC = {
  name: 'exec',
  aliases: ['container exec'],
  summary: 'Run a command in a container that runs',
  description:
    "The command gets the container's namespaces, capabilities and seccomp filter. On a terminal -i -t are implied unless -i or -t is given. The exit status is the command's.",
  args: [
    { name: 'CONTAINER', required: true, complete: 'up', help: 'a name or an id' },
    { name: 'COMMAND', required: true, help: 'the program to run' },
    { name: 'ARG', many: true, help: 'its arguments, passed on untouched' },
  ],
  interspersed: false,
  examples: [
    ['tsrun exec web sh', 'a shell'],
    ['tsrun exec -u 0 -w /etc web cat hosts', 'as root, in another directory'],
  ],
  flags: {
    detach: { type: 'boolean', char: 'd', help: 'Do not wait for it; its output is dropped' },
    ...DETACH_KEYS_FLAG,
    interactive: { type: 'boolean', char: 'i', help: 'Keep standard input open' },
    tty: { type: 'boolean', char: 't', help: 'Give it a terminal' },
    env: { type: 'strings', char: 'e', placeholder: 'NAME[=VALUE]', help: "Set a variable; NAME alone copies the caller's" },
    'env-file': { type: 'strings', placeholder: 'FILE', complete: 'file', help: 'Read variables from a file' },
    workdir: { type: 'string', char: 'w', placeholder: 'DIR', complete: 'nothing', help: 'Start in this directory of the container' },
    user: { type: 'string', char: 'u', placeholder: 'USER[:GROUP]', help: 'Run as this user, by name or id' },
    privileged: { type: 'boolean', help: 'All capabilities that the caller has, within its user namespace, and no seccomp filter' },
    'preserve-fds': { type: 'string', parse: count, placeholder: 'N', effect: 'cli', help: 'Pass descriptors 3 to N+2 on to the command' },
    'dry-run': { type: 'boolean', effect: 'cli', help: 'Print the launch plan and run nothing' },
    ...GLOBAL_FLAGS,
    help: { ...HELP_FLAG.help, char: 'h' },
  },
} as const satisfies Verb;
