/** config.json of the OCI runtime-spec 1.2, spelled as there: what tsrun writes and reads of it. Strings that tsrun writes may hold slots. */

/** The version of the specification that `ociVersion` names. */
export const OCI_VERSION = '1.2.0';

export interface RuntimeSpec {
  ociVersion: string;
  process?: Process;
  root?: Root;
  hostname?: string;
  domainname?: string;
  /** In the order in which they are mounted. */
  mounts?: Mount[];
  linux?: Linux;
  annotations?: Record<string, string>;
}

/** config.md "Process". */
export interface Process {
  terminal?: boolean;
  consoleSize?: { height: number; width: number };
  user: User;
  /** At least one; the first is looked up in the PATH of `env` inside the container when it has no slash. */
  args: string[];
  env?: string[];
  /** Absolute. */
  cwd: string;
  capabilities?: Capabilities;
  rlimits?: Rlimit[];
  noNewPrivileges?: boolean;
  /** Loaded at the host. */
  apparmorProfile?: string;
  /** Its SELinux context. */
  selinuxLabel?: string;
  oomScoreAdj?: number;
}

/** Ids as the container sees them. */
export interface User {
  uid: number;
  gid: number;
  umask?: number;
  additionalGids?: number[];
}

/** Names such as `CAP_CHOWN`; a set that is absent is empty. */
export interface Capabilities {
  bounding?: string[];
  effective?: string[];
  inheritable?: string[];
  permitted?: string[];
  ambient?: string[];
}

/** RLIM_INFINITY, as far as a number of JavaScript can say it. */
export const UNLIMITED = 2 ** 64;

export interface Rlimit {
  /** `RLIMIT_NOFILE` and its like. */
  type: string;
  /** Up to UNLIMITED. */
  hard: number;
  soft: number;
}

export interface Root {
  /** Absolute, or relative to the directory of config.json. */
  path: string;
  readonly?: boolean;
}

export interface Mount {
  /** Absolute; resolved inside the root. */
  destination: string;
  type?: string;
  source?: string;
  /** As fstab's, with the flags of config-linux.md (`ro`, `nosuid`, `rbind`, `rprivate`, `tmpcopyup` …) first interpreted, the rest passed on. */
  options?: string[];
  /** Idmapped mounts (1.2). */
  uidMappings?: IdMap[];
  gidMappings?: IdMap[];
}

export interface Linux {
  namespaces?: Namespace[];
  uidMappings?: IdMap[];
  gidMappings?: IdMap[];
  devices?: Device[];
  cgroupsPath?: string;
  resources?: Resources;
  /** Mount propagation of the container's root: `private`, `rprivate`, `slave` … */
  rootfsPropagation?: string;
  seccomp?: Seccomp;
  sysctl?: Record<string, string>;
  maskedPaths?: string[];
  readonlyPaths?: string[];
  /** SELinux context of the files that it is given. */
  mountLabel?: string;
}

export type NamespaceType = 'pid' | 'network' | 'mount' | 'ipc' | 'uts' | 'user' | 'cgroup' | 'time';

export interface Namespace {
  type: NamespaceType;
  /** An existing namespace to join; absent: a new one. */
  path?: string;
}

/** config-linux.md "User namespace mappings"; the wire says containerID. */
export interface IdMap {
  containerID: number;
  hostID: number;
  size: number;
}

export interface Device {
  type: 'c' | 'b' | 'u' | 'p';
  path: string;
  major?: number;
  minor?: number;
  fileMode?: number;
  uid?: number;
  gid?: number;
}

/** Sizes in bytes; -1 is unlimited. */
export interface Resources {
  memory?: { limit?: number; reservation?: number; swap?: number };
  cpu?: { shares?: number; quota?: number; period?: number; cpus?: string; mems?: string };
  pids?: { limit: number };
  unified?: Record<string, string>;
}

/** config-linux.md "Seccomp". */
export interface Seccomp {
  defaultAction: SeccompAction;
  defaultErrnoRet?: number;
  /** Absent: the native one alone. */
  architectures?: SeccompArch[];
  flags?: string[];
  syscalls?: SeccompRule[];
}

export type SeccompAction =
  | 'SCMP_ACT_KILL'
  | 'SCMP_ACT_KILL_PROCESS'
  | 'SCMP_ACT_KILL_THREAD'
  | 'SCMP_ACT_TRAP'
  | 'SCMP_ACT_ERRNO'
  | 'SCMP_ACT_TRACE'
  | 'SCMP_ACT_ALLOW'
  | 'SCMP_ACT_LOG'
  | 'SCMP_ACT_NOTIFY';

export type SeccompArch = 'SCMP_ARCH_X86' | 'SCMP_ARCH_X86_64' | 'SCMP_ARCH_X32' | 'SCMP_ARCH_ARM' | 'SCMP_ARCH_AARCH64';

export type SeccompOperator =
  | 'SCMP_CMP_NE'
  | 'SCMP_CMP_LT'
  | 'SCMP_CMP_LE'
  | 'SCMP_CMP_EQ'
  | 'SCMP_CMP_GE'
  | 'SCMP_CMP_GT'
  | 'SCMP_CMP_MASKED_EQ';

export interface SeccompRule {
  names: string[];
  action: SeccompAction;
  errnoRet?: number;
  /** All must hold. */
  args?: SeccompArg[];
}

export interface SeccompArg {
  /** 0…5 */
  index: number;
  /** Unsigned 64 bits; for MASKED_EQ the mask, and `valueTwo` what the masked argument must be. */
  value: number;
  valueTwo?: number;
  op: SeccompOperator;
}
