/** What was found on this machine by trying and looking, as plain data: what the report is made from. */
import type { SystemForms } from '../plan/system.js';
import type { HostFacts } from '../runtime/host-facts.js';

/** What came of a trial; `why` and `cure` in words. */
export type Outcome = { works: true } | { works: false; why: string; cure?: string };

export interface Mapper {
  path: string;
  /** What lets it write a map; absent: nothing does. */
  right?: 'setuid' | 'file capability';
}

export interface DoctorFacts {
  host: HostFacts;
  /** Text of /etc/os-release; '' where there is none. */
  osRelease: string;
  /** uname -r */
  kernel: string;
  /** Name, or uid where he has none. */
  user: string;
  /** The caller's groups besides his own. */
  groups: number[];
  helper: { path: string /** Only root may write it. */; isRoots: boolean };
  namespace: Outcome;
  map: Outcome & { mode: 'range' | 'single'; byProgram: boolean /** How many user ids. */; ids: number };
  /** newuidmap and newgidmap, as far as they are installed. */
  mappers: Partial<Record<'newuidmap' | 'newgidmap', Mapper>>;
  /** Of this user, in the files; `free` begins a block that nobody has. */
  subordinate: { uids: number; gids: number; free: number };
  leavesGroups: Outcome;
  proc: Outcome;
  /** Absent where that could not be tried. */
  system?: SystemForms;
  seccomp: Outcome;
  store: Outcome & { path: string; type: string; free: number };
  overlay: Outcome;
  /** Absent where the program is not installed. */
  fuse?: Outcome & { path: string };
  /** For root alone. */
  shifted?: Outcome;
  runtime: Outcome & { path: string /** XDG_RUNTIME_DIR. */; asked: string /** That it is used. */; isAsked: boolean };
  tun: Outcome & { exists: boolean };
  /** Absent where not installed. */
  pasta?: Outcome & { path: string };
  slirp4netns?: Outcome & { path: string };
  landlock: { version: number } | { why: string };
  cgroup: { version: 0 | 1 | 2; path: string; controllers: string[]; writable: Outcome };
}
