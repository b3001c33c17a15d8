/**
 * Every operation a plan may name, with the kinds of its arguments: the encoder's half of native/operations.def. A test compares the
 * two tables, so neither can drift.
 *
 * p process · d name of a descriptor, stage or message · b text with slots · n number · l list of texts · v list of numbers ·
 * x raw bytes · o operations · q a nested plan
 */
export const OPERATIONS = {
  stage: 'd',
  clone: 'pn',
  'map-ids': 'pbbnbb',
  send: 'pd',
  notify: 'pd',
  await: 'pd',
  'await-exec': 'p',
  'await-start': 'd',
  'send-descriptor': 'pd',
  'receive-descriptor': 'pd',
  wait: 'p',
  reap: 'p',
  'name-process': 'pd',
  keep: 'dd',
  'keep-members': 'ddd',
  members: 'dp',
  'marked-members': 'n',
  'check-alive': 'd',
  'await-ready': 'pdd',
  'keep-program': 'pdd',
  'on-exit': 'no',
  repeat: 'nnboo',
  health: 'vbqoo',
  unless: 'bo',
  attempt: 'o',
  detach: 'pq',
  'container-id': 'b',
  started: 'p',
  print: 'db',
  'landlock-version': 'd',
  mkdir: 'bn',
  'write-file': 'bnb',
  'replace-file': 'bnb',
  append: 'bnb',
  rename: 'bb',
  'rename-unlocked': 'bb',
  symlink: 'bb',
  chown: 'bnn',
  'chown-descriptor': 'dnn',
  mkfifo: 'bn',
  remove: 'b',
  'remove-tree': 'b',
  'remove-contents': '',
  'copy-tree': 'bb',
  'enter-directory': 'd',
  open: 'bnd',
  lock: 'bnd',
  close: 'd',
  'chdir-host': 'b',
  'die-with-parent': '',
  'open-process': 'nnd',
  'open-namespace': 'pnd',
  join: 'dn',
  unshare: 'n',
  continue: 'p',
  continued: 'p',
  'open-tree': 'bnd',
  'idmap-tree': 'ddbnl',
  subtree: 'dbd',
  'copy-up': 'dbdd',
  'chown-tree': 'dnn',
  'relabel-tree': 'dbn',
  propagation: 'n',
  staging: 'b',
  attach: 'db',
  mount: 'bbbnb',
  fuse: 'dbd',
  'new-mount': 'bd',
  'mount-at': 'dbbnnl',
  'bind-at': 'dbdnnn',
  'device-at': 'dbb',
  'mkdir-at': 'dbn',
  'symlink-at': 'dbb',
  'mask-at': 'db',
  'read-only-at': 'db',
  'read-only-root': 'd',
  pivot: 'd',
  hostname: 'b',
  domainname: 'b',
  'loopback-up': '',
  rlimit: 'nnn',
  umask: 'n',
  chdir: 'bn',
  'chdir-at': 'db',
  pipe: 'd',
  relay: 'ddn',
  log: 'bnn',
  record: 'dd',
  serve: 'dbdn',
  host: 'dn',
  admit: 'd',
  tie: 'p',
  'socket-pair': 'd',
  connect: 'dbd',
  'attach-to': 'dnx',
  attend: 'pdnx',
  watch: 'd',
  terminal: 'dd',
  'raw-terminal': 'd',
  'pty-at': 'dd',
  'console-at': 'dd',
  'window-size': 'dd',
  'new-session': '',
  'controlling-terminal': 'd',
  dup: 'nd',
  'leave-descriptors': 'n',
  'pass-descriptors': 'n',
  'forward-signals': 'pn',
  'time-limit': 'nnb',
  signal: 'dn',
  'signal-all': 'n',
  'signal-members': 'ddn',
  'signal-marked': 'nn',
  'await-end': 'dnn',
  listen: 'dnbn',
  forward: 'dn',
  'forward-ports': 'd',
  'sysctl-at': 'dbb',
  'set-ids': 'nnv',
  'set-single-ids': 'nn',
  'set-fs-ids': 'nn',
  'new-keyring': '',
  'keep-capabilities': '',
  'bounding-set': 'n',
  capabilities: 'nnnn',
  'no-new-privileges': '',
  landlock: 'dnvlv',
  seccomp: 'x',
  undumpable: '',
  'check-killable': 'bb',
  'exec-attribute': 'bb',
  seal: 'n',
  'label-seal': 'b',
  exec: 'llb',
  init: 'llb',
} as const satisfies Record<string, string>;

export type OperationName = keyof typeof OPERATIONS;

/** What an argument of each kind is in TypeScript. Texts may hold slot markers (slot.ts). */
interface ArgumentTypes {
  p: string;
  d: string;
  b: string;
  n: number | bigint;
  l: readonly string[];
  v: readonly number[];
  x: Uint8Array;
}

type ArgumentsOf<Kinds extends string> = Kinds extends `${infer Kind}${infer Rest}`
  ? Kind extends keyof ArgumentTypes
    ? [ArgumentTypes[Kind], ...ArgumentsOf<Rest>]
    : never
  : [];

type Nesting = 'on-exit' | 'repeat' | 'health' | 'unless' | 'attempt' | 'detach';
type FlatOperation = {
  [Name in Exclude<OperationName, Nesting>]: readonly [Name, ...ArgumentsOf<(typeof OPERATIONS)[Name]>];
}[Exclude<OperationName, Nesting>];

export type Operation =
  | FlatOperation
  | readonly ['on-exit', 0 | 1 | 2, readonly Operation[]]
  | readonly ['repeat', number, number, string, readonly Operation[], readonly Operation[]]
  | readonly ['health', readonly number[], string, Plan, readonly Operation[], readonly Operation[]]
  | readonly ['unless', string, readonly Operation[]]
  | readonly ['attempt', readonly Operation[]]
  | readonly ['detach', string, Plan];

/** An ordered list of named processes. The first one is the process that executes the plan; the others enter by `clone`. */
export interface Plan {
  readonly processes: readonly Process[];
}

export interface Process {
  readonly name: string;
  readonly operations: readonly Operation[];
}
