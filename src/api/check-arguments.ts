/** What programs hand to the library: each argument and option has one kind, whichever verb takes it. TypeScript's word is not enough. */
import { TsrunError } from '../errors.js';
import { anySignal } from '../sys/abort.js';
import type { LoginOptions } from './accounts.js';
import type { BundleOptions } from './bundle.js';
import type { CheckStoreOptions } from './check-store.js';
import type { CommitOptions } from './commit.js';
import type { containers, removeContainer } from './containers.js';
import type { killContainer, stopContainer, waitContainer } from './control.js';
import type { CopyInOptions } from './copy.js';
import type { GcOptions } from './gc.js';
import type { InspectImageOptions } from './images.js';
import type { ImportOptions } from './import.js';
import type { LogsOptions } from './logs.js';
import type { CopyImageOptions, ExecOptions, PushOptions, RunOptions } from './options.js';
import type { SaveOptions } from './save.js';
import type { SystemdOptions } from './systemd.js';
import type { UnpackOptions } from './unpack.js';
import type { createVolume, pruneVolumes, volumes } from './volumes.js';

type OptionsOf<Verb extends (name: string, options: never) => unknown> = NonNullable<Parameters<Verb>[1]>;
type AllOptions = RunOptions &
  ExecOptions &
  BundleOptions &
  LogsOptions &
  CopyInOptions &
  SystemdOptions &
  LoginOptions &
  CheckStoreOptions &
  GcOptions &
  UnpackOptions &
  PushOptions &
  CopyImageOptions &
  SaveOptions &
  InspectImageOptions &
  CommitOptions &
  ImportOptions &
  OptionsOf<typeof removeContainer> &
  OptionsOf<typeof stopContainer> &
  OptionsOf<typeof killContainer> &
  OptionsOf<typeof waitContainer> &
  NonNullable<Parameters<typeof createVolume>[1]> &
  NonNullable<Parameters<typeof containers>[0]> &
  NonNullable<Parameters<typeof volumes>[0]> &
  NonNullable<Parameters<typeof pruneVolumes>[0]>;

/** A list of words: nothing else is accepted. */
type Kind = 'boolean' | 'number' | 'string' | 'strings' | 'string or strings' | 'function' | 'signal' | readonly string[];

type KindOf<T> = [T] extends [boolean]
  ? 'boolean'
  : [T] extends [number]
    ? 'number'
    : [T] extends [string]
      ? string extends T
        ? 'string'
        : readonly T[]
      : [T] extends [readonly string[]]
        ? 'strings'
        : [T] extends [string | string[]]
          ? 'string or strings'
          : [T] extends [AbortSignal]
            ? 'signal'
            : 'function';

const KINDS: { readonly [Name in keyof AllOptions]-?: KindOf<NonNullable<AllOptions[Name]>> } = {
  addHost: 'strings',
  all: 'boolean',
  allPlatforms: 'boolean',
  annotation: 'strings',
  arch: 'string',
  archive: 'boolean',
  author: 'string',
  authfile: 'string',
  byName: 'boolean',
  capAdd: 'strings',
  capDrop: 'strings',
  cgroupns: 'string',
  change: 'strings',
  cidfile: 'string',
  command: 'strings',
  creds: 'string',
  certDir: 'string',
  offline: 'boolean',
  condition: ['not-running', 'next-exit', 'removed'],
  destAuthfile: 'string',
  destCertDir: 'string',
  destCreds: 'string',
  destTlsVerify: 'boolean',
  device: 'strings',
  disableUserns: 'boolean',
  dns: 'strings',
  dnsOption: 'strings',
  dnsSearch: 'strings',
  domainname: 'string',
  entrypoint: 'string or strings',
  env: 'strings',
  envFile: 'strings',
  envHost: 'boolean',
  expose: 'strings',
  fakeRoot: 'boolean',
  filter: 'strings',
  follow: 'boolean',
  followLink: 'boolean',
  force: 'boolean',
  format: ['docker-archive', 'oci-archive', 'docker-dir', 'oci-dir'],
  healthCmd: 'string or strings',
  healthInterval: 'string',
  healthRetries: 'number',
  healthStartInterval: 'string',
  healthStartPeriod: 'string',
  healthTimeout: 'string',
  groupAdd: 'strings',
  hostname: 'string',
  httpProxy: 'boolean',
  iidfile: 'string',
  init: 'boolean',
  interactive: 'boolean',
  ip: 'string',
  ip6: 'string',
  ipc: 'string',
  isolation: ['namespaces', 'landlock', 'default'],
  killSignal: 'string',
  label: 'strings',
  labelFile: 'strings',
  landlock: 'strings',
  logDriver: ['json-file', 'none'],
  logOpt: 'strings',
  macAddress: 'string',
  maxSize: 'string',
  message: 'string',
  mount: 'strings',
  name: 'string',
  nested: 'boolean',
  network: 'string',
  noHealthcheck: 'boolean',
  networkAlias: 'strings',
  noHosts: 'boolean',
  olderThan: 'string',
  onDebug: 'function',
  onNote: 'function',
  onProgress: 'function',
  password: 'string',
  owners: ['map', 'caller', 'image'],
  path: 'string',
  pause: 'boolean',
  pid: 'string',
  pidfile: 'string',
  os: 'string',
  platform: 'string',
  privileged: 'boolean',
  program: 'string',
  publish: 'strings',
  publishAll: 'boolean',
  pull: ['missing', 'always', 'never', 'newer'],
  readOnly: 'boolean',
  readOnlyTmpfs: 'boolean',
  repair: 'boolean',
  replace: 'boolean',
  restart: 'string',
  restartPolicy: ['no', 'on-success', 'on-failure', 'on-abnormal', 'on-watchdog', 'on-abort', 'always'],
  remote: 'boolean',
  rm: 'boolean',
  root: 'string',
  rootfs: 'boolean',
  runRoot: 'string',
  securityOpt: 'strings',
  shmSize: 'string',
  signal: 'signal',
  since: 'string',
  srcAuthfile: 'string',
  srcCertDir: 'string',
  srcCreds: 'string',
  srcTlsVerify: 'boolean',
  stopSignal: 'string',
  stopTimeout: 'number',
  sysctl: 'strings',
  tail: 'string',
  timeout: 'number',
  tmpfs: 'strings',
  tlsVerify: 'boolean',
  tty: 'boolean',
  tz: 'string',
  ulimit: 'strings',
  umask: 'string',
  unsetenv: 'strings',
  unsetenvAll: 'boolean',
  until: 'string',
  user: 'string',
  username: 'string',
  userns: 'string',
  uidmap: 'strings',
  gidmap: 'strings',
  uts: 'string',
  variant: 'string',
  volume: 'strings',
  volumes: 'boolean',
  volumesFrom: 'strings',
  workdir: 'string',
};

/** Arguments that are no options, by the names of their parameters. */
const WORDS = {
  image: 'string',
  images: 'strings',
  container: 'string',
  containers: 'strings',
  name: 'string',
  port: 'string',
  directory: 'string',
  path: 'string',
  source: 'string',
  targets: 'strings',
  destination: 'string',
  command: 'strings',
  registry: 'string',
  repository: 'string',
} as const satisfies Record<string, Kind>;

/**
 * Refuses what is of the wrong kind, and options that there are not: one that is misspelt must not be one that is left out.
 * @returns the options, with a signal of this call's own: a program may give one signal to any number of calls
 * @throws ERR_TSRUN_USAGE naming the argument
 */
export function checkArguments<Options extends object>(
  words: { [Name in keyof typeof WORDS]?: unknown },
  options: Options,
): Options & { signal?: AbortSignal } {
  for (const [name, value] of Object.entries(words)) check(name, value, WORDS[name as keyof typeof WORDS]);
  if (typeof options !== 'object' || options === null || Array.isArray(options)) throw wrong('options', 'an object', options);
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(KINDS, name)) throw new TsrunError('ERR_TSRUN_USAGE', `there is no option ${JSON.stringify(name)}`, HINT);
    if (value !== undefined) check(name, value, KINDS[name as keyof typeof KINDS]);
  }
  const { signal } = options as { signal?: AbortSignal };
  return signal === undefined ? options : { ...options, signal: anySignal(signal) };
}

const HINT = { hint: 'see the types that tsrun brings' };

const isString = (value: unknown) => typeof value === 'string';
const isStrings = (value: unknown) => Array.isArray(value) && value.every(isString);

const KNOWN: Record<Extract<Kind, string>, [in_words: string, is: (value: unknown) => boolean]> = {
  boolean: ['true or false', (value) => typeof value === 'boolean'],
  number: ['a number', (value) => typeof value === 'number' && !Number.isNaN(value)],
  string: ['a string', isString],
  strings: ['an array of strings', isStrings],
  'string or strings': ['a string or an array of strings', (value) => isString(value) || isStrings(value)],
  function: ['a function', (value) => typeof value === 'function'],
  signal: ['an AbortSignal', (value) => value instanceof AbortSignal],
};

function check(name: string, value: unknown, kind: Kind): void {
  if (typeof kind !== 'string') {
    if (!kind.includes(value as string)) throw wrong(name, kind.map((word) => JSON.stringify(word)).join(' or '), value);
    return;
  }
  const [words, is] = KNOWN[kind];
  if (!is(value)) throw wrong(name, words, value);
}

function wrong(name: string, words: string, value: unknown): TsrunError {
  return new TsrunError('ERR_TSRUN_USAGE', `${name} is to be ${words}, not ${shown(value)}`, HINT);
}

/** No more than the kind of what may be secret. */
function shown(value: unknown): string {
  if (value === null || ['number', 'boolean', 'undefined'].includes(typeof value)) return String(value);
  if (typeof value === 'string') return 'a string';
  return Array.isArray(value) ? 'such an array' : `${typeof value === 'object' ? 'an' : 'a'} ${typeof value}`;
}
