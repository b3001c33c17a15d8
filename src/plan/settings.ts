/** What a container is besides its runtime spec. Plain JSON: it is kept with the container (src/container/settings.ts). */
import type { AskedPrivilege } from '../bundle/privilege.js';
import type { Spaces } from '../bundle/spaces.js';
import type { NetworkSettings, PublishedPort } from '../network/settings.js';
import type { LandlockRules } from '../security/landlock.js';
import type { RootSource } from './root.js';

export interface ContainerSettings {
  /** Removed when it ends. */
  rm: boolean;
  /** `-i` */
  interactive: boolean;
  init: boolean;
  root: RootSource;
  restart: RestartPolicy;
  log: LogSettings;
  network: NetworkSettings;
  /** Whose other namespaces it has; absent: its own. */
  spaces?: Partial<Spaces>;
  /** As they were asked for: status.json says where they are open. */
  ports: readonly PublishedPort[];
  /** A signal's number. */
  stopSignal: number;
  /** In seconds, before SIGKILL. */
  stopTimeout: number;
  /** Absent: there is no health check. */
  health?: HealthCheck;
  /** Seconds until it is killed; absent or 0: no limit. */
  timeout?: number;
  /** Gets the pid of its first process at each start. */
  pidfile?: string;
  /** `--group-add`, for what is executed in it as another user. */
  groups?: readonly number[];
  /** As it was written, by the user or in the image: what docker's `inspect` shows of it. And the names of --env and --env-file. */
  written?: { user: string; entrypoint: readonly string[]; cmd: readonly string[]; env?: readonly string[] };
  /** `--device`: nodes of the host among its mounts. */
  devices?: readonly { source: string; destination: string }[];
  /** --cap-add, --cap-drop, --security-opt and --privileged, as they were asked for; absent: none of them. */
  privilege?: AskedPrivilege;
  /** Names of `--sysctl`; absent: none. */
  sysctl?: readonly string[];
  /** `--landlock`: for its first process, and for what enters it. */
  landlock?: LandlockRules;
  /** SELinux context of the layers that it shares, where it has labels. */
  layerLabel?: string;
  /** `--isolation landlock`; absent: it has namespaces. */
  confined?: ConfinedSettings;
}

export interface ConfinedSettings {
  /** By which its processes are known, as their RLIMIT_LOCKS. */
  mark: number;
  /** Volumes, as real paths of the host: those that it may read, and those that it may change. */
  read: readonly string[];
  write: readonly string[];
  /** Links by which volumes were asked for: what is named through them is theirs. Absent: none, as of older containers. */
  asked?: readonly string[];
  /** It has no network. */
  offline: boolean;
}

/** Times in milliseconds. */
export interface HealthCheck {
  /** The command, with its arguments. */
  test: readonly string[];
  interval: number;
  /** A check that takes longer has failed. */
  timeout: number;
  /** Failures do not count for so long, unless a check has passed. */
  startPeriod: number;
  /** The interval in that period. */
  startInterval: number;
  /** So many failures in a row make it unhealthy. */
  retries: number;
}

export interface RestartPolicy {
  name: 'no' | 'on-failure' | 'always' | 'unless-stopped';
  /** How often at most, for on-failure; 0: no limit. */
  retries: number;
}

export interface LogSettings {
  driver: 'json-file' | 'none';
  /** Bytes before it is rotated; 0: never. */
  maxSize: number;
  /** How many files there are, the current one included. */
  maxFiles: number;
}
