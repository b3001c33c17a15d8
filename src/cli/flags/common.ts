/** Flags that every verb has, and the groups that several verbs share. */
import type { Flags } from './flag.js';

/** Without `-h`, which is `--hostname` for run. */
export const HELP_FLAG = {
  help: { type: 'boolean', effect: 'cli', help: 'Show this help' },
} as const satisfies Flags;

export const DETACH_KEYS_FLAG = {
  'detach-keys': {
    type: 'string',
    placeholder: 'KEYS',
    effect: 'cli',
    help: "What leaves it running, typed at the terminal, such as ctrl-a,d; '' for nothing (default ctrl-p,ctrl-q)",
  },
} as const satisfies Flags;

export const GLOBAL_FLAGS = {
  root: { type: 'string', placeholder: 'DIR', complete: 'directory', env: 'TSRUN_ROOT', help: 'Keep the store in this directory' },
  'run-root': {
    type: 'string',
    placeholder: 'DIR',
    complete: 'directory',
    env: 'TSRUN_RUN_ROOT',
    help: 'Keep the runtime state in this directory',
  },
  json: { type: 'boolean', effect: 'cli', help: 'Print results and errors as JSON' },
  debug: { type: 'boolean', effect: 'cli', env: 'TSRUN_DEBUG', help: 'Print the causes of an error' },
} as const satisfies Flags;

/** For what starts containers. */
export const VERBOSE_FLAG = {
  verbose: { type: 'boolean', effect: 'cli', help: 'Say what was chosen: storage, /proc, /sys' },
} as const satisfies Flags;

/** For every verb but run. */
export const COMMON_FLAGS = {
  ...GLOBAL_FLAGS,
  help: { ...HELP_FLAG.help, char: 'h' },
} as const satisfies Flags;

/** Those that images are usually made for. */
export const PLATFORMS = [
  'linux/amd64',
  'linux/arm64',
  'linux/arm/v7',
  'linux/386',
  'linux/ppc64le',
  'linux/riscv64',
  'linux/s390x',
] as const;

/** For verbs on accounts of registries. */
export const ACCOUNT_FLAGS = {
  authfile: { type: 'string', placeholder: 'FILE', complete: 'file', help: 'The file of logins, in place of all others' },
  'tls-verify': { type: 'boolean', help: 'Require https and verify certificates; false allows plain http (default true)' },
  'cert-dir': {
    type: 'string',
    placeholder: 'DIR',
    complete: 'directory',
    help: "Certificates for the registry, in place of certs.d: authorities in *.crt, one's own in *.cert and *.key",
  },
} as const satisfies Flags;

/** For verbs that speak to registries. A password that is left out is asked for at the terminal (ask-creds.ts). */
export const ACCESS_FLAGS = {
  ...ACCOUNT_FLAGS,
  creds: {
    type: 'string',
    placeholder: 'USER[:PASSWORD]',
    complete: 'nothing',
    help: 'Who the registry is asked as, in place of any login',
  },
} as const satisfies Flags;

/** Which of the images of one name; what an image says it was made for. */
export const PLATFORM_FLAGS = {
  platform: {
    type: 'string',
    placeholder: 'OS/ARCH[/VARIANT]',
    complete: PLATFORMS,
    help: "Choose the image for this platform (default: the host's)",
  },
  arch: {
    type: 'string',
    placeholder: 'ARCH',
    complete: ['amd64', 'arm64', 'arm', '386', 'ppc64le', 'riscv64', 's390x'],
    help: 'The same, by its parts',
  },
  os: { type: 'string', placeholder: 'OS', complete: ['linux'], help: 'The same, by its parts' },
  variant: { type: 'string', placeholder: 'VARIANT', complete: ['v6', 'v7', 'v8'], help: 'The same, by its parts' },
} as const satisfies Flags;

const QUIET_FLAG = {
  quiet: { type: 'boolean', char: 'q', effect: 'cli', help: 'Print no progress' },
} as const satisfies Flags;

const OFFLINE_FLAG = {
  offline: { type: 'boolean', help: 'Ask no registry: the image is in the store, in a file, or it is an error' },
} as const satisfies Flags;

/** For verbs that may read an image from a registry. */
export const REGISTRY_FLAGS = { ...PLATFORM_FLAGS, ...ACCESS_FLAGS, ...OFFLINE_FLAG, ...QUIET_FLAG } as const satisfies Flags;

/** For verbs that send an image elsewhere. */
export const SEND_FLAGS = {
  'all-platforms': { type: 'boolean', help: 'Send an image for several platforms with all of them' },
  ...PLATFORM_FLAGS,
  digestfile: {
    type: 'string',
    placeholder: 'FILE',
    complete: 'file',
    effect: 'cli',
    help: 'Write the digest of what was sent into this file',
  },
  ...QUIET_FLAG,
} as const satisfies Flags;

/** For verbs that make images. */
export const CHANGE_FLAG = {
  change: {
    type: 'strings',
    char: 'c',
    placeholder: 'INSTRUCTION',
    complete: 'nothing',
    help: "Apply a line of a Dockerfile, such as 'ENV NAME=VALUE' or 'CMD [\"sh\"]'; may be repeated",
  },
} as const satisfies Flags;

export const MESSAGE_FLAG = {
  message: { type: 'string', char: 'm', placeholder: 'TEXT', complete: 'nothing', help: "Put this into the image's history" },
} as const satisfies Flags;

/** Which part of what happened is shown. */
export const PERIOD_FLAGS = {
  since: { type: 'string', placeholder: 'TIME', help: 'Begin with this time, or so long ago (10m)' },
  until: { type: 'string', placeholder: 'TIME', help: 'End with this time' },
} as const satisfies Flags;

/** For lists. */
export const LIST_FLAGS = {
  quiet: { type: 'boolean', char: 'q', effect: 'cli', help: 'Print ids only' },
  'no-trunc': { type: 'boolean', effect: 'cli', help: 'Do not shorten ids and commands' },
} as const satisfies Flags;

/** For lists with docker's templates. */
export const FORMAT_FLAG = {
  format: {
    type: 'string',
    placeholder: 'FORMAT',
    effect: 'cli',
    complete: ['json', 'table'],
    help: "Print by a Go template such as '{{.ID}}', 'table {{.ID}}\\t{{.Size}}', or json: an object on each line",
  },
} as const satisfies Flags;

export const INSPECT_FLAG = {
  format: {
    type: 'string',
    char: 'f',
    placeholder: 'FORMAT',
    effect: 'cli',
    complete: ['json'],
    help: "Print by a Go template such as '{{.Id}}' or '{{json .Config}}', or json: all of it on one line",
  },
} as const satisfies Flags;
