/** `tsrun run`: docker's names and meanings. */
import type { Verb } from '../verb.js';
import { DETACH_KEYS_FLAG, GLOBAL_FLAGS, HELP_FLAG, REGISTRY_FLAGS, VERBOSE_FLAG } from './common.js';
import type { Flags } from './flag.js';
import { RUN_WITHOUT_EFFECT } from './no-effect.js';
import { count, seconds } from './seconds.js';

const SECURITY_OPTIONS = [
  ...[
    'no-new-privileges',
    'no-new-privileges=false',
    'seccomp=unconfined',
    'seccomp=default',
    'seccomp=',
    'mask=',
    'unmask=ALL',
    'unmask=',
  ],
  ...[
    'systempaths=unconfined',
    'apparmor=unconfined',
    'apparmor=',
    'label=disable',
    'label=type:',
    'label=level:',
    'label=filetype:',
    'label=user:',
    'label=role:',
  ],
] as const;

const RUN_FLAGS = {
  rm: { type: 'boolean', help: 'Remove the container when it ends' },
  name: { type: 'string', placeholder: 'NAME', help: 'Name the container' },
  interactive: { type: 'boolean', char: 'i', help: 'Keep standard input open' },
  tty: { type: 'boolean', char: 't', help: 'Give the container a terminal' },
  env: { type: 'strings', char: 'e', placeholder: 'NAME[=VALUE]', help: "Set a variable; NAME alone copies the caller's" },
  'env-file': { type: 'strings', placeholder: 'FILE', complete: 'file', help: 'Read variables from a file' },
  'env-host': { type: 'boolean', help: "Set all of the caller's variables, below the image's" },
  'http-proxy': { type: 'boolean', help: "Set the caller's proxy variables" },
  unsetenv: { type: 'strings', placeholder: 'NAME', help: 'Leave out a variable that the image or tsrun sets' },
  'unsetenv-all': { type: 'boolean', help: 'Leave out all of them' },
  workdir: { type: 'string', char: 'w', placeholder: 'DIR', complete: 'nothing', help: 'Start in this directory of the container' },
  user: { type: 'string', char: 'u', placeholder: 'USER[:GROUP]', help: 'Run as this user, by name or id' },
  'group-add': { type: 'strings', placeholder: 'GROUP', help: 'A further group of the user, by its name in the image or its id' },
  umask: { type: 'string', placeholder: 'MODE', help: "The command's umask, in octal (default 0022)" },
  tz: { type: 'string', placeholder: 'ZONE', complete: ['local', 'UTC'], help: 'The time zone: local, or a name such as Europe/Berlin' },
  entrypoint: { type: 'string', placeholder: 'PROGRAM', help: "Replace the image's entrypoint; '' clears it" },
  hostname: { type: 'string', char: 'h', placeholder: 'NAME', help: "The container's host name" },
  domainname: { type: 'string', placeholder: 'NAME', help: "The container's NIS domain name" },
  label: { type: 'strings', char: 'l', placeholder: 'NAME[=VALUE]', help: 'Label the container' },
  'label-file': { type: 'strings', placeholder: 'FILE', complete: 'file', help: 'Read labels from a file' },
  annotation: { type: 'strings', placeholder: 'NAME=VALUE', help: 'Add an annotation to its config.json' },
  volume: {
    type: 'strings',
    char: 'v',
    placeholder: '[SOURCE:]CONTAINER[:OPTIONS]',
    complete: 'bind',
    help: 'Mount a directory or file of the host, or a volume by its name, or a new one',
  },
  mount: { type: 'strings', placeholder: 'type=TYPE,src=SOURCE,dst=CONTAINER[,KEY=VALUE]', help: 'Mount a bind, volume or tmpfs' },
  tmpfs: { type: 'strings', placeholder: 'CONTAINER[:OPTIONS]', help: 'Mount a tmpfs: size=64m,mode=700,exec' },
  'volumes-from': {
    type: 'strings',
    placeholder: 'CONTAINER[:ro]',
    complete: 'container',
    help: 'Mount what another container has mounted',
  },
  'shm-size': { type: 'string', placeholder: 'SIZE', help: 'The size of /dev/shm: 128m (default 64m)' },
  device: {
    type: 'strings',
    placeholder: 'HOST[:CONTAINER][:rwm]',
    complete: 'file',
    help: 'A device of the host, or all below a directory; its mode at the host decides who may use it',
  },
  sysctl: {
    type: 'strings',
    placeholder: 'NAME=VALUE',
    help: 'Set a kernel variable of the container’s own: net.*, fs.mqueue.*, kernel.shm* …',
  },
  ulimit: {
    type: 'strings',
    placeholder: 'NAME=SOFT[:HARD]',
    complete: ['nofile=', 'nproc=', 'core=', 'memlock=', 'stack=', 'host'],
    help: "Set a resource limit: nofile=1024:2048, core=-1; host keeps the caller's",
  },
  cgroupns: {
    type: 'string',
    placeholder: 'MODE',
    complete: 'space',
    help: 'Cgroup namespace: private, host or container:NAME (default private)',
  },
  ipc: {
    type: 'string',
    placeholder: 'MODE',
    complete: 'ipc',
    help: 'Shared memory and queues: private, shareable, none, host, container:NAME or ns:PATH (default private)',
  },
  pid: {
    type: 'string',
    placeholder: 'MODE',
    complete: 'space',
    help: 'Whose processes it sees: private, host, container:NAME or ns:PATH (default private)',
  },
  uts: {
    type: 'string',
    placeholder: 'MODE',
    complete: 'space',
    help: 'Whose host name it has: private, host, container:NAME or ns:PATH (default private)',
  },
  'read-only': { type: 'boolean', help: "Mount the container's root read-only" },
  'read-only-tmpfs': { type: 'boolean', help: 'With --read-only: a tmpfs at /run, /tmp and /var/tmp (default false)' },
  'cap-add': {
    type: 'strings',
    placeholder: 'CAPABILITY',
    complete: 'capability',
    help: 'Grant a capability within its user namespace, or ALL that the caller has; a user other than root holds it too',
  },
  'cap-drop': { type: 'strings', placeholder: 'CAPABILITY', complete: 'capability', help: 'Take a capability away, or ALL' },
  'security-opt': {
    type: 'strings',
    placeholder: 'OPTION',
    complete: SECURITY_OPTIONS,
    help: 'no-new-privileges[=false], seccomp=FILE|unconfined|default, mask=PATH, unmask=PATH|ALL, systempaths=unconfined, apparmor=PROFILE|unconfined, label=disable|type:T|level:L|filetype:T|user:U|role:R',
  },
  privileged: {
    type: 'boolean',
    help: "All capabilities that the caller has, no seccomp filter, nothing hidden, the host's devices; its user namespace stays",
  },
  nested: { type: 'boolean', help: 'What running tsrun inside needs: namespaces and mounts, and nothing of /proc and /sys hidden' },
  'disable-userns': { type: 'boolean', help: 'Let nothing in it make a further user namespace' },
  network: {
    type: 'string',
    aliases: ['net'],
    placeholder: 'MODE',
    complete: 'network',
    help: 'none, host, pasta[:OPTIONS], slirp4netns[:OPTIONS], container:NAME or ns:PATH (default: what works of pasta, slirp4netns and none)',
  },
  'network-alias': {
    type: 'strings',
    aliases: ['net-alias'],
    placeholder: 'NAME',
    help: 'Refused: there are no networks between containers yet',
  },
  ip: {
    type: 'string',
    placeholder: 'ADDRESS',
    help: 'Its IPv4 address under pasta (default 10.0.2.100); under slirp4netns one that ends in .100',
  },
  ip6: { type: 'string', placeholder: 'ADDRESS', help: 'Its IPv6 address under pasta (default fd00::100)' },
  'mac-address': { type: 'string', placeholder: 'ADDRESS', help: 'The hardware address of its network interface' },
  publish: { type: 'strings', char: 'p', placeholder: '[[IP:]PORT:]PORT[/udp]', help: 'Publish a port, or a range of ports, at the host' },
  'publish-all': { type: 'boolean', char: 'P', help: 'Publish all exposed ports at free ports of the host' },
  expose: { type: 'strings', placeholder: 'PORT[/udp]', help: 'A port for --publish-all, besides those of the image' },
  dns: { type: 'strings', placeholder: 'ADDRESS', help: "A name server, in place of the host's" },
  'dns-search': { type: 'strings', placeholder: 'DOMAIN', help: "A search domain, in place of the host's; . for none" },
  'dns-option': { type: 'strings', placeholder: 'OPTION', help: 'An option of resolv.conf' },
  'add-host': {
    type: 'strings',
    placeholder: 'NAME:IP',
    help: 'A line of /etc/hosts; host-gateway as IP opens this host, its loopback too',
  },
  'no-hosts': { type: 'boolean', help: "Leave the image's /etc/hosts as it is" },
  userns: {
    type: 'string',
    placeholder: 'MODE',
    complete: ['default', 'keep-id', 'keep-id:fast', 'identity', 'nomap', 'auto', 'host'],
    help: 'default; keep-id[:uid=,gid=,fast]: the same ids inside as outside; nomap: without yours; auto[:size=]: ids of its own; identity',
  },
  uidmap: {
    type: 'strings',
    placeholder: 'CONTAINER:FROM:SIZE',
    help: "A line of the id map; FROM counts your ids from 0, @FROM is the host's",
  },
  gidmap: { type: 'strings', placeholder: 'CONTAINER:FROM:SIZE', help: 'The same for groups; one of the two counts for both' },
  'fake-root': {
    type: 'boolean',
    help: 'Answer chown, set*id and device nodes with success where the id map has one id, for apt, apk and dnf',
  },
  landlock: {
    type: 'strings',
    placeholder: 'write=PATH|exec=PATH',
    complete: ['write=', 'exec='],
    help: 'Let nothing else be written or executed inside, by Landlock; write= alone: nothing is writable',
  },
  isolation: {
    type: 'string',
    values: ['namespaces', 'landlock', 'default'],
    placeholder: 'MODE',
    help: 'namespaces, or landlock: weaker, without any, where user namespaces are refused (default namespaces)',
  },
  pull: {
    type: 'string',
    values: ['missing', 'always', 'never', 'newer'],
    placeholder: 'POLICY',
    help: 'missing, always, never or newer (default missing)',
  },
  init: { type: 'boolean', help: 'Run a small init as process 1 that forwards signals and reaps' },
  rootfs: { type: 'boolean', help: 'IMAGE is a directory to use as the root file system' },
  cidfile: { type: 'string', placeholder: 'FILE', complete: 'file', help: "Write the container's id to this new file" },
  pidfile: { type: 'string', placeholder: 'FILE', complete: 'file', help: 'Write the pid of its first process to this new file' },
  replace: { type: 'boolean', help: 'Remove a container that has the name' },
  attach: {
    type: 'strings',
    char: 'a',
    placeholder: 'STREAM',
    complete: ['stdin', 'stdout', 'stderr'],
    effect: 'cli',
    help: 'Show stdout or stderr alone; stdin alone prints the id and leaves it running when the input ends',
  },
  'sig-proxy': { type: 'boolean', effect: 'cli', help: 'Hand signals on; false: they end tsrun, and the container with it (default true)' },
  'preserve-fds': { type: 'string', parse: count, placeholder: 'N', effect: 'cli', help: 'Pass descriptors 3 to N+2 on to the command' },
  detach: { type: 'boolean', char: 'd', effect: 'cli', help: 'Leave it running and print its id' },
  ...DETACH_KEYS_FLAG,
  restart: {
    type: 'string',
    placeholder: 'POLICY',
    complete: ['no', 'on-failure', 'always', 'unless-stopped'],
    help: 'no, on-failure[:N], always or unless-stopped, until the machine restarts (default no)',
  },
  'stop-signal': { type: 'string', placeholder: 'SIGNAL', complete: 'signal', help: "What ends it (default: the image's, or TERM)" },
  'stop-timeout': { type: 'string', placeholder: 'SECONDS', parse: seconds, help: 'How long that may take before KILL (default 10)' },
  timeout: { type: 'string', placeholder: 'SECONDS', parse: seconds, help: 'Kill it after this time, with exit status 124 (0: never)' },
  'log-driver': { type: 'string', values: ['json-file', 'none'], placeholder: 'DRIVER', help: 'json-file or none (default json-file)' },
  'log-opt': { type: 'strings', placeholder: 'NAME=VALUE', complete: ['max-size=', 'max-file='], help: 'max-size=10m, max-file=3' },
  'health-cmd': {
    type: 'string',
    placeholder: 'COMMAND',
    help: "Whether it is well, asked in its shell (default: the image's); none for no check",
  },
  'health-interval': { type: 'string', placeholder: 'TIME', help: 'How often (default 30s)' },
  'health-timeout': { type: 'string', placeholder: 'TIME', help: 'A check that takes longer has failed (default 30s)' },
  'health-retries': { type: 'string', placeholder: 'N', parse: count, help: 'So many failures in a row make it unhealthy (default 3)' },
  'health-start-period': { type: 'string', placeholder: 'TIME', help: 'Failures do not count for so long (default 0s)' },
  'health-start-interval': { type: 'string', placeholder: 'TIME', help: 'How often in that period (default 5s)' },
  'no-healthcheck': { type: 'boolean', help: "Run without the image's health check" },
  'dry-run': { type: 'boolean', effect: 'cli', help: 'Print the launch plan and run nothing; an image that is missing is pulled' },
  ...REGISTRY_FLAGS,
  ...VERBOSE_FLAG,
  ...GLOBAL_FLAGS,
  ...HELP_FLAG,
} as const satisfies Flags;

/** Their names are too many to be read one by one: limits of devices and processors, and what belongs to other programs. */
const REFUSED = Object.fromEntries(
  (
    'blkio-weight blkio-weight-device cgroup-conf cgroup-parent checkpoint checkpoint-dir chrootdirs conmon-pidfile cpu-period cpu-quota cpu-rt-period ' +
    'cpu-rt-runtime cpuset-cpus cpuset-mems decryption-key device-cgroup-rule device-read-bps device-read-iops device-write-bps device-write-iops env-merge ' +
    'gpus group-entry hostuser init-path link link-local-ip memory-reservation oom-score-adj passwd-entry personality pod pod-id-file requires retry ' +
    'retry-delay rmi runtime secret seccomp-policy storage-opt subgidname subuidname use-api-socket'
  )
    .split(' ')
    .map((name) => [name, '']),
) as Readonly<Record<string, ''>>;

/** docker's and podman's flags that would change what runs and are not here: refused by name, never ignored. */
const RUN_LATER = {
  ...REFUSED,
  cpus: '',
  'cpu-shares': 'c',
  memory: 'm',
  'memory-swap': '',
  'pids-limit': '',
} as const;

export const RUN = {
  name: 'run',
  aliases: ['container run'],
  summary: 'Run a command in a new container',
  description:
    "Pulls the image if it is not in the store, then runs COMMAND, or the image's own, in seven new namespaces. On a terminal -i -t are implied unless -i or -t is given. " +
    "The exit status is the command's; 128+n when signal n ended it; 127 when the command was not found, 126 when it could not be run, 125 when tsrun itself failed.",
  args: [
    {
      name: 'IMAGE',
      required: true,
      complete: 'image',
      help: 'a reference, oci:DIR[:REF], oci-archive:FILE, docker-archive:FILE or dir:DIR',
    },
    { name: 'COMMAND', help: 'the program to run' },
    { name: 'ARG', many: true, help: 'its arguments, passed on untouched' },
  ],
  interspersed: false,
  examples: [
    ['tsrun run alpine sh', 'a shell'],
    ['tsrun run --rm -v "$PWD:/src" -w /src node:22 npm test', 'a command on the files of this directory'],
    ['producer | tsrun run --rm -i alpine sort', 'a filter'],
  ],
  flags: RUN_FLAGS,
  later: RUN_LATER,
  withoutEffect: RUN_WITHOUT_EFFECT,
} as const satisfies Verb;
