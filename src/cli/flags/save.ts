import type { Verb } from '../verb.js';
import { COMMON_FLAGS, PLATFORMS } from './common.js';

/** Of an image for several platforms. */
const PLATFORM = { type: 'string', placeholder: 'OS/ARCH[/VARIANT]', complete: PLATFORMS } as const;

export const SAVE = {
  name: 'save',
  aliases: ['image save'],
  summary: 'Write images to an archive',
  description:
    'The same images give the same bytes, and every digest is kept. docker-archive is an image layout as well: docker, podman and skopeo read it.',
  args: [{ name: 'IMAGE', required: true, many: true, complete: 'image', help: 'a reference or an id; of an id no name is written' }],
  interspersed: true,
  undoing: 10_000,
  examples: [
    ['tsrun save -o alpine.tar alpine', ''],
    ['tsrun save alpine debian | zstd > both.tar.zst', ''],
    ['tsrun save --format oci-dir -o layout alpine', 'an image layout, also one that is there already'],
  ],
  flags: {
    output: {
      type: 'string',
      char: 'o',
      placeholder: 'FILE',
      effect: 'cli',
      complete: 'file',
      help: 'Write to this file, or to this directory (default: standard output)',
    },
    format: {
      type: 'string',
      values: ['docker-archive', 'oci-archive', 'docker-dir', 'oci-dir'],
      help: 'What to write (default docker-archive)',
    },
    platform: { ...PLATFORM, help: 'Of images for several platforms this one alone (default: what the store has of them)' },
    'all-platforms': { type: 'boolean', help: 'Refuse images of which the store does not have every platform' },
    quiet: { type: 'boolean', char: 'q', effect: 'cli', help: 'Print no notes' },
    ...COMMON_FLAGS,
  },
  later: { compress: '', uncompressed: '' },
  withoutEffect: { 'multi-image-archive': { type: 'boolean', char: 'm', note: 'an archive may hold several images anyway' } },
} as const satisfies Verb;

export const LOAD_PLATFORM = {
  ...PLATFORM,
  help: 'Of images for several platforms this one alone (default: all that the archive has)',
} as const;
