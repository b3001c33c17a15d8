/**
 * The kernel's Landlock (landlock(7)): plain data in, rights of linux/landlock.h out. Pure. `--landlock` is a second wall, on top of modes and
 * mounts: what is writable and what is executable inside. Under `--isolation landlock` it is the only wall around files.
 */

/** Each kind that is there is forbidden but beneath its paths; one that is absent stays as it is. Plain JSON: kept with the container. */
export interface LandlockRules {
  write?: readonly string[];
  exec?: readonly string[];
}

/** The ruleset as the kernel takes it. */
export interface LandlockRuleset {
  /** The version of the kernel's interface that knows all that is handled. */
  version: number;
  /** What is forbidden unless a rule allows it: of files; of TCP, and which others it cannot reach at all, where that is asked for. */
  handled: readonly [files: number] | readonly [files: number, network: number, scopes: number];
  paths: string[];
  /** For each path. */
  rights: number[];
}

/** LANDLOCK_ACCESS_FS_… */
const EXECUTE = 1 << 0;
const WRITE_FILE = 1 << 1;
/** REMOVE_DIR, REMOVE_FILE, MAKE_CHAR, MAKE_DIR, MAKE_REG, MAKE_SOCK, MAKE_FIFO, MAKE_BLOCK, MAKE_SYM */
const CHANGE_DIRECTORY = 0b1_1111_1111 << 4;
/** To another directory by rename or link. The kernel forbids it under every ruleset that does not say otherwise, and always where a file would gain a right. */
const REFER = 1 << 13;
const TRUNCATE = 1 << 14;

/** REFER came with the second version (Linux 5.19), TRUNCATE with the third (6.2): before that truncate(2) would be left open. */
const KNOWS_REFER = 2;
const KNOWS_TRUNCATE = 3;

const WRITE = WRITE_FILE | CHANGE_DIRECTORY | TRUNCATE | REFER;
/** They keep nothing: every program writes there. Existing nodes alone; nothing is made beside them. */
const DEVICES = ['null', 'zero', 'full', 'random', 'urandom', 'tty', 'pts'].map((name) => `/dev/${name}`);

export function landlockRuleset({ write, exec }: LandlockRules): LandlockRuleset {
  const rules = new Map<string, number>();
  const allow = (path: string, rights: number) => rules.set(path, (rules.get(path) ?? 0) | rights);
  for (const path of write ?? []) allow(path, WRITE);
  for (const path of write ? DEVICES : []) allow(path, WRITE_FILE | TRUNCATE);
  for (const path of exec ?? []) allow(path, EXECUTE);
  if (write === undefined) allow('/', REFER);
  return {
    version: write ? KNOWS_TRUNCATE : KNOWS_REFER,
    handled: [REFER | (write ? WRITE : 0) | (exec ? EXECUTE : 0)],
    ...listed(rules),
  };
}

function listed(rules: ReadonlyMap<string, number>): Pick<LandlockRuleset, 'paths' | 'rights'> {
  return { paths: [...rules.keys()], rights: [...rules.values()] };
}

/** All that a container without namespaces may reach of the host's files. */
export interface Confinement {
  /** May be read, and executed. */
  read: readonly string[];
  /** May be changed besides. */
  write: readonly string[];
  /** No TCP. */
  offline: boolean;
}

const READ_FILE = 1 << 2;
const READ_DIRECTORY = 1 << 3;
const IOCTL_DEVICE = 1 << 15;
const READ = EXECUTE | READ_FILE | READ_DIRECTORY;
/** BIND_TCP, CONNECT_TCP */
const TCP = 0b11;
/** ABSTRACT_UNIX_SOCKET, SIGNAL: with the sixth version (Linux 6.12). */
const SCOPES = 0b11;
export const KNOWS_SCOPES = 6;
/** What programs expect, and what keeps nothing. */
const NODES = ['null', 'zero', 'full', 'random', 'urandom', 'tty'].map((name) => `/dev/${name}`);

/** Its paths are real ones of the host: no link leads to them, or through them */
export function confinementRuleset({ read, write, offline }: Confinement): LandlockRuleset {
  const rules = new Map<string, number>();
  for (const path of NODES) rules.set(path, READ_FILE | WRITE_FILE | TRUNCATE | IOCTL_DEVICE);
  for (const path of read) rules.set(path, READ);
  for (const path of write) rules.set(path, READ | WRITE);
  return {
    version: KNOWS_SCOPES,
    handled: [READ | WRITE | IOCTL_DEVICE, offline ? TCP : 0, SCOPES],
    ...listed(rules),
  };
}

/** Of a program that makes files of what it reads: it writes nowhere else, and reaches nobody. */
export function unpackingRuleset(directory: string): LandlockRuleset {
  return { version: KNOWS_SCOPES, handled: [WRITE, TCP, SCOPES], paths: [directory, '/dev/null'], rights: [WRITE, WRITE_FILE] };
}
