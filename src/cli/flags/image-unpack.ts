import type { Verb } from '../verb.js';
import { COMMON_FLAGS, REGISTRY_FLAGS } from './common.js';

export const IMAGE_UNPACK = {
  name: 'image unpack',
  summary: 'Unpack the files of an image into a directory',
  description:
    'The directory is made, or must be empty. Its files belong to the ids that containers have by default, so that `tsrun run --rootfs DIR` runs it; a user with subordinate ids removes them with `unshare --map-root-user --map-auto rm -r DIR`.',
  args: [
    {
      name: 'IMAGE',
      required: true,
      complete: 'image',
      help: 'a reference, oci:DIR[:REF], oci-archive:FILE, docker-archive:FILE or dir:DIR',
    },
    { name: 'DIR', required: true, complete: 'directory', help: 'where to' },
  ],
  interspersed: true,
  undoing: 10_000,
  examples: [['tsrun image unpack --owners caller alpine ./alpine', 'to look at, or to pack again']],
  flags: {
    owners: {
      type: 'string',
      placeholder: 'WHOSE',
      values: ['map', 'caller', 'image'],
      help: "Give the files to the default map's ids (map), all to yourself (caller), or as the image says (image: as root)",
    },
    ...REGISTRY_FLAGS,
    ...COMMON_FLAGS,
  },
} as const satisfies Verb;
