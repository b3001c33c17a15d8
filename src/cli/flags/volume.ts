/** `tsrun volume …`: docker's names and meanings. */
import type { Verb } from '../verb.js';
import { COMMON_FLAGS, FORMAT_FLAG, INSPECT_FLAG } from './common.js';

const FILTER = { type: 'strings', placeholder: 'KEY=VALUE' } as const;

export const VOLUME_CREATE = {
  name: 'volume create',
  summary: 'Make a volume',
  description:
    'Without a name it gets one of 64 digits. A volume that is there already is left as it is. Its files belong to the id map of the first container that uses it.',
  args: [{ name: 'VOLUME', help: 'its name' }],
  interspersed: true,
  examples: [
    ['tsrun volume create data', ''],
    ['tsrun run --rm -v data:/data alpine touch /data/file', 'makes it as well'],
  ],
  flags: {
    label: { type: 'strings', placeholder: 'NAME[=VALUE]', help: 'Give it a label' },
    driver: { type: 'string', char: 'd', values: ['local'], effect: 'cli', placeholder: 'DRIVER', help: 'local is the only one' },
    ...COMMON_FLAGS,
  },
  later: { opt: 'o', availability: '', group: '', scope: '', sharing: '', type: '' },
} as const satisfies Verb;

export const VOLUME_LS = {
  name: 'volume ls',
  aliases: ['volume list'],
  summary: 'List the volumes',
  args: [],
  interspersed: true,
  examples: [['tsrun volume ls --filter dangling=true', 'those that no container has']],
  flags: {
    filter: {
      ...FILTER,
      char: 'f',
      complete: ['name=', 'label=', 'dangling=', 'driver='],
      help: 'List only those with name=, label=, dangling= or driver=',
    },
    quiet: { type: 'boolean', char: 'q', effect: 'cli', help: 'Print names only' },
    ...FORMAT_FLAG,
    ...COMMON_FLAGS,
  },
  later: { cluster: '' },
} as const satisfies Verb;

export const VOLUME_INSPECT = {
  name: 'volume inspect',
  summary: 'Show volumes as JSON',
  args: [{ name: 'VOLUME', required: true, many: true, complete: 'volume', help: 'a name' }],
  interspersed: true,
  examples: [["tsrun volume inspect -f '{{.Mountpoint}}' data", 'where its files lie']],
  flags: { ...INSPECT_FLAG, ...COMMON_FLAGS },
} as const satisfies Verb;

export const VOLUME_RM = {
  name: 'volume rm',
  aliases: ['volume remove'],
  summary: 'Remove volumes',
  args: [{ name: 'VOLUME', required: true, many: true, complete: 'volume', help: 'a name' }],
  interspersed: true,
  examples: [['tsrun volume rm data', '']],
  flags: {
    force: { type: 'boolean', char: 'f', help: 'Do not mind when there is none' },
    ...COMMON_FLAGS,
  },
} as const satisfies Verb;

export const VOLUME_PRUNE = {
  name: 'volume prune',
  summary: 'Remove anonymous volumes that no container has',
  args: [],
  interspersed: true,
  examples: [['tsrun volume prune -af', 'also those with a name, without a question']],
  flags: {
    all: { type: 'boolean', char: 'a', help: 'Also those with a name' },
    filter: { ...FILTER, complete: ['label=', 'label!='], help: 'Remove only those with label= or without label!=' },
    force: { type: 'boolean', char: 'f', effect: 'cli', help: 'Do not ask' },
    ...COMMON_FLAGS,
  },
} as const satisfies Verb;
