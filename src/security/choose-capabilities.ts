/** `--cap-add`, `--cap-drop` and `--privileged` → the capabilities of a container, by docker's rules. Pure. */
import { TsrunError } from '../errors.js';
import { nearest } from '../nearest.js';
import { CAPABILITIES, type Capability, DEFAULT_CAPABILITIES } from './capabilities.js';

export interface AskedCapabilities {
  capAdd?: readonly string[];
  capDrop?: readonly string[];
  privileged?: boolean;
  /** Containers are to be run inside. */
  nested?: boolean;
}

export interface ChosenCapabilities {
  granted: Capability[];
  /** Those that were asked for: a user other than root holds them too. */
  added: Capability[];
}

type Words = { all: boolean; names: Capability[] };

/**
 * docker's order: what is dropped first, what is added then, so a name in both is there; of ALL in both the adding counts. What is dropped
 * from --privileged is dropped, which docker forgets.
 * @param available the caller's bounding set: nobody gets more than his caller
 * @throws ERR_TSRUN_USAGE for a name that no kernel has, ERR_TSRUN_UNSUPPORTED for one that cannot be given
 */
export function chooseCapabilities(asked: AskedCapabilities, available: readonly Capability[] = CAPABILITIES): ChosenCapabilities {
  const add = wordsOf(asked.capAdd ?? [], '--cap-add');
  const forNested: Capability[] = asked.nested ? ['CAP_SYS_ADMIN'] : [];
  const drop = wordsOf(asked.capDrop ?? [], '--cap-drop');
  const beyond = [...add.names, ...forNested].find((name) => !available.includes(name));
  if (beyond !== undefined) throw notAvailable(beyond);
  const dropped = (name: Capability) => drop.names.includes(name);
  if (add.all) {
    const granted = available.filter((name) => !dropped(name));
    return { granted, added: granted };
  }
  const first = drop.all ? [] : (asked.privileged ? CAPABILITIES : DEFAULT_CAPABILITIES).filter((name) => !dropped(name));
  // Of the default's what the caller lacks is left out: that is less than was promised to be granted, never more.
  const granted = [...new Set([...first, ...forNested, ...add.names])].filter((name) => available.includes(name));
  return { granted, added: add.names };
}

/** `net_admin`, `CAP_NET_ADMIN`, `all`; several with commas, as podman takes them. @throws ERR_TSRUN_USAGE */
function wordsOf(texts: readonly string[], flag: string): Words {
  const names = texts.flatMap((text) => text.split(',')).map((text) => capabilityName(text.trim(), flag));
  return { all: names.includes('ALL'), names: names.filter((name) => name !== 'ALL') };
}

function capabilityName(text: string, flag: string): Capability | 'ALL' {
  const upper = text.toUpperCase();
  const name = `CAP_${upper.replace(/^CAP_/, '')}`;
  if (upper === 'ALL') return 'ALL';
  if ((CAPABILITIES as readonly string[]).includes(name)) return name as Capability;
  const meant = nearest(name, CAPABILITIES);
  throw new TsrunError('ERR_TSRUN_USAGE', `${flag}: there is no capability ${JSON.stringify(text)}`, {
    subject: text,
    hint: meant === undefined ? 'write ALL, or a name of capabilities(7) such as NET_ADMIN' : `did you mean ${meant.slice('CAP_'.length)}?`,
  });
}

/** As docker writes them: CAP_ in front, sorted; ALL stands for all others. @throws ERR_TSRUN_USAGE */
export function normalCapabilities(texts: readonly string[], flag: string): string[] {
  const { all, names } = wordsOf(texts, flag);
  return all ? ['ALL'] : [...new Set(names)].sort();
}

function notAvailable(name: Capability): TsrunError {
  return new TsrunError('ERR_TSRUN_UNSUPPORTED', `--cap-add ${name}: it is not in the bounding set of tsrun’s caller`, {
    subject: name,
    hint: 'leave it out, or call tsrun from where nobody has taken it away: grep CapBnd /proc/self/status',
  });
}

/** Of /proc/PID/status. What cannot be read is nothing. */
export function parseBoundingSet(status: string): Capability[] {
  const bits = BigInt(`0x${/^CapBnd:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  return CAPABILITIES.filter((_, number) => (bits >> BigInt(number)) & 1n);
}
