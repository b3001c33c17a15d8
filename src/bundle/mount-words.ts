/** What -v, --mount and --tmpfs have in common: a mount that was asked for, its places, and what cannot be. Pure. */
import { posix } from 'node:path';
import { TsrunError } from '../errors.js';
import { slot } from '../plan/slot.js';

/** A mount of a user, before it has its place in the runtime spec. */
export interface AskedMount {
  type: 'bind' | 'volume' | 'tmpfs';
  /** The flag with its value, for messages. */
  given: string;
  /** bind: absolute on the host; a relative one starts with the slot `cwd`. volume: its name, absent for an anonymous one. */
  source?: string;
  /** Absolute, without `..` or a slash at the end. */
  destination: string;
  /** For the runtime spec. */
  options: string[];
  /** An empty volume gets what the image has at the destination. */
  copy?: boolean;
  /** Its files are given to the container's user. */
  chown?: boolean;
  /** Its files get the container's SELinux label: without its level, for all containers, or with it, for this one alone. */
  relabel?: Relabel;
  /** The part of a volume that is mounted. */
  subpath?: string;
  /** For a volume that is made. */
  labels?: Record<string, string>;
  /** What was asked for and has no effect here. */
  notes: string[];
}

export type Relabel = 'shared' | 'private';

export interface MountFacts {
  /** mount_setattr (5.12) makes what is mounted below the source read-only as well; docker does so. */
  recursiveReadOnly: boolean;
  /** The container has an SELinux label of its own. */
  labelled?: boolean;
}

export function bad(given: string, what: string, hint: string): TsrunError {
  return new TsrunError('ERR_TSRUN_USAGE', `${given} ${what}`, { subject: given, hint });
}

export function unsupported(given: string, what: string, hint: string): TsrunError {
  return new TsrunError('ERR_TSRUN_UNSUPPORTED', `${given}: ${what}`, { subject: given, hint });
}

/** Relative ones start where the caller is when it runs, so they hold a slot and one plan serves every directory. Undefined: no path at all. */
export function hostPath(source: string): string | undefined {
  if (source.startsWith('/')) return withoutSlash(posix.normalize(source));
  if (!/^\.\.?(\/|$)/.test(source)) return undefined;
  const relative = withoutSlash(posix.normalize(source));
  return relative === '.' ? slot('cwd') : `${slot('cwd')}/${relative}`;
}

export function containerPath(destination: string, given: string): string {
  if (!destination.startsWith('/'))
    throw bad(given, 'has a destination that is not absolute', 'give a path in the container that starts with /');
  const path = withoutSlash(posix.normalize(destination.replace(/^\/+/, '/')));
  if (path === '/') throw bad(given, 'would cover the whole container', 'mount it at a directory, or run it with --rootfs');
  // Masks and checks of these depend on what tsrun itself mounts there.
  if (/^\/(proc(\/.*)?|sys|dev)$/.test(path))
    throw unsupported(given, `${path} is the container's own`, `mount it at another place, such as /host${path}`);
  return path;
}

function withoutSlash(path: string): string {
  return path.length > 1 ? path.replace(/\/$/, '') : path;
}

/** docker's grammar for local volumes: a path is none, so that a directory is never taken for a new, empty volume by mistake. */
export function isVolumeName(name: string): boolean {
  return /^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,254}$/.test(name);
}

export function checkVolumeName(name: string, given: string): string {
  if (isVolumeName(name)) return name;
  throw bad(
    given,
    `has no volume's name: ${JSON.stringify(name)}`,
    `use letters, digits, underscores, dots and hyphens, at least two; for a directory of the host an absolute path or ./${name}`,
  );
}

export type Propagation = 'private' | 'rprivate' | 'slave' | 'rslave' | 'unbindable' | 'runbindable';

const PROPAGATIONS = ['private', 'rprivate', 'slave', 'rslave', 'unbindable', 'runbindable', 'shared', 'rshared'];

export function isPropagation(word: string): boolean {
  return PROPAGATIONS.includes(word);
}

export function checkPropagation(word: string, given: string): Propagation {
  if (!isPropagation(word)) throw bad(given, `has the unknown propagation ${JSON.stringify(word)}`, 'write rprivate or rslave');
  if (word.endsWith('shared'))
    throw unsupported(
      given,
      `${word} cannot work: what is mounted inside a user namespace never reaches the host`,
      'use rslave, for the direction from the host to the container',
    );
  return word as Propagation;
}

export interface BindWords {
  recursive: boolean;
  propagation: Propagation;
  /** `rro`: with all that is mounted below. */
  readOnly?: 'ro' | 'rro' | undefined;
  suid?: boolean;
  dev?: boolean;
  noexec?: boolean;
}

export function bindOptions(words: BindWords): string[] {
  return [
    words.recursive ? 'rbind' : 'bind',
    words.propagation,
    ...(words.suid ? [] : ['nosuid']),
    ...(words.dev ? [] : ['nodev']),
    ...(words.noexec ? ['noexec'] : []),
    ...(words.readOnly ? [words.readOnly] : []),
  ];
}

/** Who mounts a device wants to open it. */
export function isDevice(source: string | undefined): boolean {
  return source !== undefined && (source === '/dev' || source.startsWith('/dev/'));
}

/** All that a hostile name, a slip or a script could ruin for the host by one letter; as podman's list. */
const PRECIOUS =
  '/ /bin /boot /dev /etc /etc/passwd /etc/pki /etc/shadow /home /lib /lib64 /media /opt /proc /root /run /sbin /srv /sys /tmp /usr /var /var/lib /var/log'.split(
    ' ',
  );

export function checkChown(source: string | undefined, given: string): true {
  if (source !== undefined && PRECIOUS.includes(source))
    throw bad(given, `would give all of ${source} to the container's user`, 'name a directory that is for this container alone');
  return true;
}

/** `z` and `Z`. Without a label the container runs in its caller's domain, and the files stay as they are. */
export function relabelling(
  asked: Relabel | undefined,
  source: string | undefined,
  given: string,
  facts: MountFacts,
): { relabel?: Relabel } {
  if (asked === undefined || !facts.labelled) return {};
  if (source !== undefined && PRECIOUS.includes(source))
    throw bad(given, `would give all of ${source} to containers`, 'name a directory that is for containers alone');
  return { relabel: asked };
}

/** What z and Z say of a container that has no label. */
export function relabelNotes(asked: boolean, facts: MountFacts): string[] {
  return asked && !facts.labelled ? [SELINUX_NOTE] : [];
}

const SELINUX_NOTE =
  'z and Z of a volume have no effect: a tsrun container runs in its caller’s SELinux domain, unless --security-opt label= gives it another';
export const CONSISTENCY_NOTE =
  'consistent, cached and delegated have no effect on Linux: a mount shows the same files at once on both sides';
