import type { Verb } from '../verb.js';
import { COMMON_FLAGS } from './common.js';
import { LOAD_PLATFORM } from './save.js';

export const LOAD = {
  name: 'load',
  aliases: ['image load'],
  summary: 'Bring the images of an archive into the store',
  description:
    'Of docker, podman, skopeo or tsrun, plain or compressed, with their names. What had one of the names so far keeps its digest: `images` shows it as <none>.',
  args: [],
  interspersed: true,
  examples: [
    ['tsrun load -i alpine.tar', ''],
    ['zstd -dc both.tar.zst | tsrun load', ''],
  ],
  flags: {
    input: {
      type: 'string',
      char: 'i',
      placeholder: 'FILE',
      effect: 'cli',
      complete: 'file',
      help: 'Read this file, or an image layout in this directory (default: standard input)',
    },
    platform: LOAD_PLATFORM,
    quiet: { type: 'boolean', char: 'q', effect: 'cli', help: 'Print no notes' },
    ...COMMON_FLAGS,
  },
} as const satisfies Verb;
