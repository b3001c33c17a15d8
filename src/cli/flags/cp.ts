import type { Verb } from '../verb.js';
import { COMMON_FLAGS } from './common.js';

export const CP = {
  name: 'cp',
  aliases: ['container cp'],
  summary: 'Copy files between a container and the host',
  description:
    'One of the two is NAME:PATH, a path in a container, running or not; - stands for a tar, read from standard input or written to standard output. ' +
    'PATH/. means what is in a directory. Files in the container come to belong to its root, those of the host to the caller.',
  args: [
    { name: 'SOURCE', required: true, complete: 'file', help: 'NAME:PATH, a path of the host, or - for a tar' },
    { name: 'DESTINATION', required: true, complete: 'file', help: 'a path of the host, - for a tar, or NAME:PATH' },
  ],
  interspersed: true,
  examples: [
    ['tsrun cp web:/etc/nginx/nginx.conf .', 'a file out of it'],
    ['tsrun cp site/. web:/usr/share/nginx/html', 'what is in a directory into it'],
    ['tsrun cp web:/var/log - | tar -x', 'a directory as a tar'],
  ],
  flags: {
    archive: { type: 'boolean', char: 'a', help: "Keep owners, where the container's id map has them" },
    'follow-link': { type: 'boolean', char: 'L', help: 'Copy what SOURCE leads to, if it is a link' },
    quiet: { type: 'boolean', char: 'q', effect: 'cli', help: 'Do not say how much was copied; so without a terminal' },
    ...COMMON_FLAGS,
  },
} as const satisfies Verb;
