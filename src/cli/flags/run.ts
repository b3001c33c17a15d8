/** `tsrun run`: docker's names and meanings. */
import type { Verb } from '../verb.js';
import { GLOBAL_FLAGS, HELP_FLAG, REGISTRY_FLAGS } from './common.js';
import type { Flags } from './flag.js';
import { count, seconds } from './seconds.js';

const RUN_FLAGS = {
  rm: { type: 'boolean', help: 'Remove the container when it ends' },
  name: { type: 'string', placeholder: 'NAME', help: 'Name the container' },
  interactive: { type: 'boolean', char: 'i', help: 'Keep standard input open' },
  tty: { type: 'boolean', char: 't', help: 'Give the container a terminal' },
  env: { type: 'strings', char: 'e', placeholder: 'NAME[=VALUE]', help: "Set a variable; NAME alone copies the caller's" },
  'env-file': { type: 'strings', placeholder: 'FILE', help: 'Read variables from a file' },
  workdir: { type: 'string', char: 'w', placeholder: 'DIR', help: 'Start in this directory of the container' },
  user: { type: 'string', char: 'u', placeholder: 'USER[:GROUP]', help: 'Run as this user, by name or id' },
  entrypoint: { type: 'string', placeholder: 'PROGRAM', help: "Replace the image's entrypoint; '' clears it" },
  hostname: { type: 'string', char: 'h', placeholder: 'NAME', help: "The container's host name" },
  volume: {
    type: 'strings',
    char: 'v',
    placeholder: '[SOURCE:]CONTAINER[:OPTIONS]',
    help: 'Mount a directory or file of the host, or a volume by its name, or a new one',
  },
  mount: { type: 'strings', placeholder: 'type=TYPE,src=SOURCE,dst=CONTAINER[,KEY=VALUE]', help: 'Mount a bind, volume or tmpfs' },
  tmpfs: { type: 'strings', placeholder: 'CONTAINER[:OPTIONS]', help: 'Mount a tmpfs: size=64m,mode=700,exec' },
  'volumes-from': { type: 'strings', placeholder: 'CONTAINER[:ro]', help: 'Mount what another container has mounted' },
  'read-only': { type: 'boolean', help: "Mount the container's root read-only" },
  network: {
    type: 'string',
    placeholder: 'MODE',
    help: 'none, host, pasta[:OPTIONS], slirp4netns[:OPTIONS], container:NAME or ns:PATH (default: what works of pasta, slirp4netns and none)',
  },
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
  userns: { type: 'string', placeholder: 'MODE', help: 'default, or keep-id: the same user id inside as outside' },
  pull: {
    type: 'string',
    values: ['missing', 'always', 'never', 'newer'],
    placeholder: 'POLICY',
    help: 'missing, always, never or newer (default missing)',
  },
  init: { type: 'boolean', help: 'Run a small init as process 1 that forwards signals and reaps' },
  rootfs: { type: 'boolean', help: 'IMAGE is a directory to use as the root file system' },
  cidfile: { type: 'string', placeholder: 'FILE', help: "Write the container's id to this new file" },
  detach: { type: 'boolean', char: 'd', effect: 'cli', help: 'Leave it running and print its id' },
  restart: {
    type: 'string',
    placeholder: 'POLICY',
    help: 'no, on-failure[:N], always or unless-stopped, until the machine restarts (default no)',
  },
  'stop-signal': { type: 'string', placeholder: 'SIGNAL', help: "What ends it (default: the image's, or TERM)" },
  'stop-timeout': { type: 'string', placeholder: 'SECONDS', parse: seconds, help: 'How long that may take before KILL (default 10)' },
  'log-driver': { type: 'string', values: ['json-file', 'none'], placeholder: 'DRIVER', help: 'json-file or none (default json-file)' },
  'log-opt': { type: 'strings', placeholder: 'NAME=VALUE', help: 'max-size=10m, max-file=3' },
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
  ...GLOBAL_FLAGS,
  ...HELP_FLAG,
} as const satisfies Flags;

/** docker's and podman's flags that would change what runs and are not here: refused by name, never ignored. */
const RUN_LATER = {
  annotation: '',
  attach: 'a',
  'cap-add': '',
  'cap-drop': '',
  cgroupns: '',
  cpus: '',
  'cpu-shares': 'c',
  'detach-keys': '',
  device: '',
  'group-add': '',
  ipc: '',
  label: 'l',
  memory: 'm',
  'memory-swap': '',
  pid: '',
  'pids-limit': '',
  privileged: '',
  'security-opt': '',
  'shm-size': '',
  'sig-proxy': '',
  sysctl: '',
  ulimit: '',
  uts: '',
} as const;

export const RUN = {
  name: 'run',
  aliases: ['container run'],
  summary: 'Run a command in a new container',
  description:
    "Pulls the image if it is not in the store, then runs COMMAND, or the image's own, in seven new namespaces. On a terminal -i -t are implied unless -i or -t is given. " +
    "The exit status is the command's; 128+n when signal n ended it; 127 when the command was not found, 126 when it could not be run, 125 when tsrun itself failed.",
  args: [
    { name: 'IMAGE', required: true, help: 'a reference, oci:DIR[:REF], oci-archive:FILE or docker-archive:FILE' },
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
} as const satisfies Verb;
