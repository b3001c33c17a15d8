/**
 * A container's network as operations: the program that carries its traffic, the ports that it publishes, the namespace that it joins.
 * Pure. What a start needs besides the runtime spec is NetworkSettings and the ports.
 */
import { hasOwnNetwork, type NetworkSettings, type PublishedPort } from '../network/settings.js';
import { NAMESPACE_FD, READY_FD } from '../network/stack.js';
import type { IdMapping } from '../security/idmap.js';
import { becomeRoot, CLONE_NEWNET, CLONE_NEWPID, CLONE_NEWUSER } from './identity.js';
import type { Operation, Process } from './operations.js';
import { slot } from './slot.js';

export interface NetworkOperations {
  /** Parent, before anything else: a port that is taken ends the run here. */
  listen: Operation[];
  /** Whether the parent needs its namespace as `net`: once the child has its map and while it still waits. */
  opened: boolean;
  /** Parent, with `user` and `net` open: starts what the child does not wait for yet. */
  begin: Operation[];
  /** Parent, once the streams are connected: the network is there, its ports are served, the child may go on. */
  finish: Operation[];
  /** Parent, once status.json is written: the sockets are others' now. */
  release: Operation[];
  /** Child, before its last steps. */
  ready: Operation[];
  processes: Process[];
  /** For status.json: the ports as they are at this start, in the form of PublishedPort with texts for slots. */
  published: readonly Record<string, unknown>[];
}

const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;

export function networkOperations(network: NetworkSettings, ports: readonly PublishedPort[], ids: IdMapping): NetworkOperations {
  const own = hasOwnNetwork(network);
  const program = network.mode === 'pasta' || network.mode === 'slirp4netns' ? network.args : undefined;
  const served = own ? ports : [];
  const any = program !== undefined || served.length > 0;
  return {
    listen: served.map(
      (port, index): Operation => ['listen', nameOf(index), port.protocol === 'tcp' ? SOCK_STREAM : SOCK_DGRAM, port.hostIp, port.hostPort],
    ),
    opened: any,
    begin: program
      ? [
          ['clone', 'network-keeper', 0],
          ['continued', 'network-keeper'],
        ]
      : [],
    finish: [
      ...(program
        ? ([
            ['stage', 'network'],
            ['await', 'network-keeper', 'ready'],
          ] satisfies Operation[])
        : []),
      ...(served.length > 0
        ? ([
            ['stage', 'network'],
            ['clone', 'ports', 0],
          ] satisfies Operation[])
        : []),
      ...(program ? ([['send', 'child', 'network']] satisfies Operation[]) : []),
    ],
    release: served.map((_, index): Operation => ['close', nameOf(index)]),
    ready: program ? [['await', 'parent', 'network']] : [],
    processes: [...(program ? programProcesses(program, ids) : []), ...(served.length > 0 ? [portsProcess(served, ids)] : [])],
    published: served.map((port, index) => ({ ...port, hostPort: slot(`port:${nameOf(index)}`) })),
  };
}

function nameOf(index: number): string {
  return `port.${index}`;
}

/**
 * The program runs as the container's root, in its user namespace but not in its pid namespace: it has no right of the host's, and the
 * container does not see it. Its keeper is pid 1 of a pid namespace for the two, so that nothing of them is left when the keeper ends,
 * however it does; and it ends with the container and with the helper.
 */
function programProcesses(program: readonly string[], ids: IdMapping): Process[] {
  return [
    {
      name: 'network-keeper',
      operations: [
        ['stage', 'network'],
        ['die-with-parent'],
        ['join', 'user', CLONE_NEWUSER],
        ['unshare', CLONE_NEWPID],
        ['continue', 'parent'],
        becomeRoot(ids),
        ['undumpable'],
        ['die-with-parent'],
        ['new-session'],
        ['pipe', 'ready'],
        ['pipe', 'said'],
        ['clone', 'network', 0],
        ['capabilities', 0, 0, 0, 0],
        ['close', 'ready.write'],
        ['close', 'said.write'],
        ['await-ready', 'network', 'ready.read', 'said.read'],
        ['send', 'parent', 'ready'],
        ['keep-program', 'network', 'container', 'said.read'],
      ],
    },
    {
      name: 'network',
      operations: [
        ['stage', 'network'],
        ['die-with-parent'],
        ['umask', 0o077],
        ['chdir-host', '/'],
        ['dup', NAMESPACE_FD, 'net'],
        ['dup', READY_FD, 'ready.write'],
        ['dup', 0, 'null'],
        ['dup', 1, 'said.write'],
        ['dup', 2, 'said.write'],
        ['exec', [...program], [], ''],
      ],
    },
  ];
}

/** Holds listening sockets of the host's, connects inside, and may do nothing else. */
function portsProcess(ports: readonly PublishedPort[], ids: IdMapping): Process {
  return {
    name: 'ports',
    operations: [
      ['stage', 'network'],
      ['die-with-parent'],
      ['new-session'],
      ['join', 'user', CLONE_NEWUSER],
      ['join', 'net', CLONE_NEWNET],
      becomeRoot(ids),
      ['bounding-set', 0],
      ['no-new-privileges'],
      ['capabilities', 0, 0, 0, 0],
      ['undumpable'],
      ['die-with-parent'],
      ...ports.map(({ containerPort }, index): Operation => ['forward', nameOf(index), containerPort]),
      ['forward-ports', 'container'],
    ],
  };
}
