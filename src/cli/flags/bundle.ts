import type { Verb } from '../verb.js';
import { COMMON_FLAGS, REGISTRY_FLAGS } from './common.js';

export const BUNDLE = {
  name: 'bundle',
  summary: 'Write an image as an OCI bundle that any OCI runtime runs',
  args: [
    { name: 'IMAGE', required: true, help: 'a reference, oci:DIR[:REF], oci-archive:FILE or docker-archive:FILE' },
    { name: 'DIR', required: true, help: 'the directory to write config.json and rootfs into' },
    { name: 'COMMAND', help: "in place of the image's own" },
    { name: 'ARG', many: true, help: 'its arguments' },
  ],
  interspersed: false,
  undoing: 10_000,
  examples: [['tsrun bundle alpine ./alpine-bundle', '']],
  flags: { ...REGISTRY_FLAGS, ...COMMON_FLAGS },
} as const satisfies Verb;
