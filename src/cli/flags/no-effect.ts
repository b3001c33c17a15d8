/**
 * Flags of docker's and podman's whose default, or whose only possible value here, is what tsrun does anyway: accepted, with a note. Any other
 * value would change what runs, and is refused by name. What is not here and not in run's flags is refused as well (RUN_LATER).
 */

export interface WithoutEffect {
  readonly type: 'boolean' | 'string';
  /** Values with which it says nothing new; absent: all. */
  readonly values?: readonly string[];
  /** What is said. */
  readonly note: string;
}

const NO_V2 = 'the kernel’s cgroup v2 has no such setting';

export const RUN_WITHOUT_EFFECT = {
  'disable-content-trust': {
    type: 'boolean',
    values: ['true'],
    note: 'images are verified by their digests; signatures are not looked at',
  },
  'kernel-memory': { type: 'string', note: 'no kernel since Linux 5.4 limits it' },
  'oom-kill-disable': { type: 'boolean', note: NO_V2 },
  'memory-swappiness': { type: 'string', values: ['-1'], note: '-1 is the default' },
  'volume-driver': { type: 'string', values: ['', 'local'], note: 'local is the only driver' },
  'image-volume': { type: 'string', values: ['anonymous', 'bind'], note: 'the image’s volumes are anonymous volumes' },
  systemd: { type: 'string', values: ['false'], note: 'nothing is set up for systemd' },
  sdnotify: { type: 'string', values: ['ignore'], note: 'nothing is told to systemd' },
  cgroups: { type: 'string', values: ['enabled'], note: 'enabled is the default' },
  passwd: { type: 'boolean', values: ['false'], note: 'the image’s /etc/passwd stays as it is' },
  'no-hostname': { type: 'boolean', values: ['false'], note: 'false is the default' },
} as const satisfies Readonly<Record<string, WithoutEffect>>;
