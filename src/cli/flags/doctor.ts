import type { Verb } from '../verb.js';
import { COMMON_FLAGS } from './common.js';

export const DOCTOR = {
  name: 'doctor',
  summary: 'Try what this machine has for containers, and say what to do about what it lacks',
  description:
    'Each thing is tried as a container would use it, by you as you are now: found, missing, or not needed. The exit status is 0 when containers can run, whatever else is missing, and 1 when they cannot.',
  args: [],
  interspersed: true,
  examples: [
    ['tsrun doctor', ''],
    ['tsrun doctor --json | jq -r \'.checks[] | select(.status == "missing").name\'', 'what is missing, for a script'],
    ['tsrun doctor --print-apparmor-profile | sudo tee /etc/apparmor.d/tsrun', 'for Ubuntu: apparmor_parser -r loads it'],
    ['docker run --security-opt seccomp=profile.json …', 'with what --print-seccomp-profile prints, to run tsrun in a container'],
  ],
  flags: {
    'print-apparmor-profile': {
      type: 'boolean',
      effect: 'cli',
      help: "Print a profile that lets tsrun's helper use user namespaces, and try nothing",
    },
    'print-seccomp-profile': {
      type: 'boolean',
      effect: 'cli',
      help: 'Print a seccomp profile for a container that tsrun is to run in, under docker, podman or Kubernetes, and try nothing',
    },
    ...COMMON_FLAGS,
  },
} as const satisfies Verb;
