import type { Verb } from '../verb.js';
import { COMMON_FLAGS, REGISTRY_FLAGS } from './common.js';

export const BUNDLE = {
  name: 'bundle',
  summary: 'Write an image as an OCI bundle that any OCI runtime runs',
  description:
    'The directory is made, or must be empty. Its files belong to the ids that config.json maps: a user with subordinate ids removes them with `unshare --map-root-user --map-auto rm -r DIR`.',
  args: [
    {
      name: 'IMAGE',
      required: true,
      complete: 'image',
      help: 'a reference, oci:DIR[:REF], oci-archive:FILE, docker-archive:FILE or dir:DIR',
    },
    { name: 'DIR', required: true, complete: 'directory', help: 'the directory to write config.json and rootfs into' },
    { name: 'COMMAND', help: "in place of the image's own" },
    { name: 'ARG', many: true, help: 'its arguments' },
  ],
  interspersed: false,
  undoing: 10_000,
  examples: [['tsrun bundle alpine ./alpine-bundle', '']],
  flags: { ...REGISTRY_FLAGS, ...COMMON_FLAGS },
} as const satisfies Verb;
