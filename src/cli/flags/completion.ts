import type { Verb } from '../verb.js';
import { COMMON_FLAGS } from './common.js';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;

export const COMPLETION = {
  name: 'completion',
  summary: 'Print what makes a shell complete tsrun’s words',
  description:
    'In a file that the shell reads at its start, such as ~/.bashrc. Commands, flags, images, containers and volumes are completed.',
  args: [{ name: 'SHELL', required: true, complete: SHELLS, help: 'bash, zsh or fish' }],
  interspersed: true,
  examples: [
    ['source <(tsrun completion bash)', 'in ~/.bashrc; zsh in ~/.zshrc, after compinit'],
    ['tsrun completion fish | source', 'in ~/.config/fish/config.fish'],
  ],
  flags: COMMON_FLAGS,
} as const satisfies Verb;
