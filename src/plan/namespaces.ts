/** Which namespaces a container makes, and which that are there already it enters, as operations. */
import type { ContainerInput } from './container.js';
import { CLONE_NEWNET, CLONE_NEWUSER, cloneFlags } from './identity.js';
import type { Operation } from './operations.js';

type NamespacesInput = Pick<ContainerInput, 'spec' | 'settings' | 'neighbour'>;

/**
 * Namespaces that are there already are entered before the others are made. One that belongs to another container is that user
 * namespace's, which is therefore shared: nobody else may enter it. A file's is the host's, and is entered while the host's rights last.
 */
export function enterNamespaces({ spec, settings: { network }, neighbour }: NamespacesInput): EnteredNamespaces {
  const flags = cloneFlags(spec.linux?.namespaces ?? []);
  if (network.mode === 'container' && neighbour) {
    return {
      open: [['open-process', neighbour.pid, Number(neighbour.startTime), 'neighbour']],
      clone: CONTINUED,
      inside: [['join', 'neighbour', CLONE_NEWUSER + CLONE_NEWNET], ['unshare', (flags & ~CLONE_NEWUSER) >>> 0], ...CONTINUE],
      mapped: true,
    };
  }
  if (network.mode === 'namespace') {
    return {
      open: [['open', network.path, O_RDONLY, 'foreign-net']],
      clone: CONTINUED,
      inside: [['join', 'foreign-net', CLONE_NEWNET], ['unshare', flags], ...CONTINUE],
      mapped: false,
    };
  }
  return { open: [], clone: [['clone', 'child', flags]], inside: [], mapped: false };
}

interface EnteredNamespaces {
  /** Parent, before anything is made. */
  open: Operation[];
  clone: Operation[];
  inside: Operation[];
  /** The user namespace has its maps already. */
  mapped: boolean;
}

const O_RDONLY = 0;
const CONTINUED: Operation[] = [
  ['clone', 'child', 0],
  ['continued', 'child'],
];
/** A new pid namespace is its maker's children's. */
const CONTINUE: Operation[] = [['continue', 'parent'], ['die-with-parent']];
