import type { Verb } from '../verb.js';
import { COMMON_FLAGS } from './common.js';

export const GENERATE_SYSTEMD = {
  name: 'generate systemd',
  summary: 'Print a systemd unit that runs a container',
  description:
    'For ~/.config/systemd/user/, or as root /etc/systemd/system/. The unit is the container in the foreground: what it prints is in the journal, its end is the end of the unit.',
  args: [{ name: 'CONTAINER', required: true, complete: 'container', help: 'a name or an id' }],
  interspersed: true,
  examples: [
    ['tsrun generate systemd -n web > ~/.config/systemd/user/container-web.service', ''],
    ['systemctl --user enable --now container-web', 'now, and whenever the machine begins; loginctl enable-linger: without a login'],
  ],
  flags: {
    name: { type: 'boolean', char: 'n', effect: 'cli', help: 'Call it by its name, not by its id' },
    'restart-policy': {
      type: 'string',
      values: ['no', 'on-success', 'on-failure', 'on-abnormal', 'on-watchdog', 'on-abort', 'always'],
      placeholder: 'WHEN',
      help: "When systemd starts it again: systemd's Restart= (default on-failure)",
    },
    ...COMMON_FLAGS,
  },
} as const satisfies Verb;
