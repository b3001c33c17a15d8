/** What `tsrun doctor` tries, as plans: each makes what a container would, for a moment, and says on standard output that it works. */
import { CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWUSER } from './identity.js';
import { networkOperations } from './network.js';
import { MS_REC_PRIVATE, O_PATH_DIRECTORY, O_RDWR, O_WRONLY } from './numbers.js';
import type { Operation, Plan } from './operations.js';
import { BEGUN, type ProbeIdentity, probe, WORKS } from './probe.js';

/** nosuid, nodev, noexec: as a container has it. */
const SYSTEM_FLAGS = 2 | 4 | 8;
const READ_ONLY = 1;
/** Every network namespace has its own. */
const HARMLESS = 'net/ipv4/ip_unprivileged_port_start';

/** A user namespace whose root has its rights: AppArmor may let it be made and take them away. */
export function compileNamespaceTrial(who: ProbeIdentity): Plan {
  return probe(who, [], [['propagation', MS_REC_PRIVATE]]);
}

/** The map alone: who becomes root leaves the caller's groups where the map allows it. */
export function compileMapTrial(who: ProbeIdentity): Plan {
  return probe(who, [], [], { flags: CLONE_NEWUSER });
}

/** What it prints of what can be had of /proc and /sys: `fresh`, `subset`, `sys`; and `variables`, where those of the kernel can be written around us. */
export function compileSystemTrial(who: ProbeIdentity): Plan {
  const tried = (word: string, ...operations: Operation[]): Operation => ['attempt', [...operations, ['print', 'stdout', `${word}\n`]]];
  const proc = (options: string): Operation => ['mount', 'proc', '/proc', 'proc', SYSTEM_FLAGS, options];
  return probe(
    who,
    [],
    [
      ['propagation', MS_REC_PRIVATE],
      // The first: what is mounted after that lies over it.
      tried('variables', ['open', '/proc', O_PATH_DIRECTORY, 'procfs'], ['sysctl-at', 'procfs', `sys/${HARMLESS}`, '0']),
      tried('subset', proc('subset=pid')),
      tried('fresh', proc('')),
      tried('sys', ['mount', 'sysfs', '/sys', 'sysfs', SYSTEM_FLAGS | READ_ONLY, '']),
    ],
    { flags: CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET },
  );
}

export function compileSeccompTrial(who: ProbeIdentity, filter: Uint8Array): Plan {
  return probe(who, [], [['seccomp', filter]], { flags: CLONE_NEWUSER });
}

/** Out of the caller's supplementary groups. */
export function compileGroupsTrial(who: ProbeIdentity): Plan {
  return probe(who, [], [['set-ids', 0, 0, []]], { flags: CLONE_NEWUSER });
}

/** /dev/net/tun as the network's program opens it: as the container's root. */
export function compileTunTrial(who: ProbeIdentity, device: string): Plan {
  return probe(who, [], [['open', device, O_RDWR, 'device']], { flags: CLONE_NEWUSER });
}

/** The whole way to a container's network but the container. */
export function compileNetworkTrial(who: ProbeIdentity, mode: 'pasta' | 'slirp4netns', args: string[]): Plan {
  const network = networkOperations({ mode, args, address: '' }, [], who.ids);
  const plan = probe(who, [], network.ready, {
    flags: CLONE_NEWUSER | CLONE_NEWNET,
    hand: [
      ['open-namespace', 'child', CLONE_NEWNET, 'net'],
      ['name-process', 'child', 'container'],
    ],
    serve: [...network.begin, ...network.finish],
  });
  return { processes: [...plan.processes, ...network.processes] };
}

/** May they be written? Nothing is. */
export function compileWriteTrial(files: readonly string[]): Plan {
  return alone(files.map((file, index): Operation => ['open', file, O_WRONLY, `file.${index}`]));
}

/** Prints the version. */
export function compileLandlockTrial(): Plan {
  return alone([['landlock-version', 'stdout']]);
}

function alone(operations: readonly Operation[]): Plan {
  const said = (word: string): Operation => ['print', 'stdout', `${word}\n`];
  return { processes: [{ name: 'parent', operations: [['stage', 'probe'], said(BEGUN), ...operations, said(WORKS)] }] };
}
