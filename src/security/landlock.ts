/**
 * `--landlock`: what is writable and what is executable inside, by the kernel's Landlock (landlock(7)), on top of modes and mounts. Plain data in,
 * rights of linux/landlock.h out. Pure.
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
  /** What is forbidden unless a rule allows it. */
  handled: number;
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
    handled: REFER | (write ? WRITE : 0) | (exec ? EXECUTE : 0),
    paths: [...rules.keys()],
    rights: [...rules.values()],
  };
}
