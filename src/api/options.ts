/** Options of the public verbs. Names are docker's flags in camel case; the command line fills the same objects. */
import type { RootOptions } from '../paths.js';

export interface CommonOptions extends RootOptions {
  /** Ends the verb early; the promise rejects with ERR_TSRUN_INTERRUPTED. */
  signal?: AbortSignal;
  /** Notes that a user should see once (a weaker mode, a skipped device). Default: dropped. */
  onNote?: (note: string) => void;
  /** What was chosen and why, for those who look into a problem (`--verbose`, `--debug`). */
  onDebug?: (fact: string) => void;
}

export type PullPolicy = 'missing' | 'always' | 'never' | 'newer';

/** For all that speaks to registries. */
export interface RegistryOptions {
  /** A file of logins, in place of all others. */
  authfile?: string;
  /** `USER:PASSWORD` for the registry of the image, in place of what files and helpers have for it. */
  creds?: string;
  /** false allows plain http and unverified certificates; loopback registries may always use plain http. */
  tlsVerify?: boolean;
  /** A folder of certificates for the image's registry, in place of certs.d: authorities in `*.crt`, our own in `*.cert` and `*.key`. */
  certDir?: string;
}

export interface PullOptions extends CommonOptions, RegistryOptions {
  /** No registry is asked: what is not in the store, or in a file, is an error. */
  offline?: boolean;
  /** `os/arch[/variant]`; default: the host's. */
  platform?: string;
  /** podman's parts of it, in its place; what is left out is the host's. */
  os?: string;
  arch?: string;
  variant?: string;
  onProgress?: (event: PullEvent) => void;
}

/**
 * What happens during a pull, in order for one layer; layers run side by side. `fallback`: a mirror failed, and the next host is asked. `done`: the image is whole in the store and has its name.
 * Unpacking comes after that.
 */
export type PullEvent =
  | { type: 'resolve'; reference: string }
  | { type: 'manifest'; digest: string; layers: { digest: string; size: number }[] }
  | { type: 'download'; digest: string; bytes: number; size: number }
  | { type: 'downloaded'; digest: string; alreadyPresent: boolean }
  | { type: 'retry'; digest?: string; reason: string; attempt: number }
  | { type: 'fallback'; digest?: string; from: string; to: string; reason: string }
  | { type: 'unpack'; digest: string; bytes: number; size: number }
  | { type: 'unpacked'; digest: string; alreadyPresent: boolean }
  | { type: 'done'; reference: string; digest: string };

/** For what sends images elsewhere. */
export interface SendOptions extends CommonOptions {
  /** `os/arch[/variant]`, of an image for several. */
  platform?: string;
  /** podman's parts of it, in its place; what is left out is the host's. */
  os?: string;
  arch?: string;
  variant?: string;
  /** An image for several platforms goes with all of them, or not at all. */
  allPlatforms?: boolean;
  onProgress?: (event: SendEvent) => void;
}

/** What happens while an image is sent; `manifest` comes once for each platform, `uploaded` without `upload` for what was there already. */
export type SendEvent =
  | Extract<PullEvent, { type: 'resolve' | 'manifest' | 'retry' | 'fallback' | 'done' }>
  | { type: 'upload'; digest: string; bytes: number; size: number }
  | { type: 'uploaded'; digest: string; alreadyPresent: boolean };

export interface PushOptions extends SendOptions, RegistryOptions {}

/** Logins, verification and certificates for both sides, or for one of them. */
export interface CopyImageOptions extends SendOptions, Pick<RegistryOptions, 'authfile' | 'tlsVerify'> {
  srcAuthfile?: string;
  destAuthfile?: string;
  /** `USER:PASSWORD` for the registry of the source. */
  srcCreds?: string;
  destCreds?: string;
  srcTlsVerify?: boolean;
  destTlsVerify?: boolean;
  srcCertDir?: string;
  destCertDir?: string;
}

export interface RunOptions extends PullOptions {
  rm?: boolean;
  name?: string;
  interactive?: boolean;
  tty?: boolean;
  /** `NAME=value`, or `NAME` to copy the caller's value. */
  env?: string[];
  envFile?: string[];
  /** The caller's whole environment, below all else. */
  envHost?: boolean;
  /** The caller's proxy variables. */
  httpProxy?: boolean;
  /** Variables of the image and of tsrun's own that are not set. */
  unsetenv?: string[];
  unsetenvAll?: boolean;
  workdir?: string;
  /** `name|uid[:group|gid]` */
  user?: string;
  /** Groups of the image by name, or numbers. */
  groupAdd?: string[];
  /** In octal: `0027`. */
  umask?: string;
  /** `local`, or a zone of the image's or the host's: `Europe/Berlin`. */
  tz?: string;
  /** A string is one program; an array is program and leading arguments; '' clears the image's. */
  entrypoint?: string | string[];
  hostname?: string;
  domainname?: string;
  /** `NAME=VALUE`, or `NAME` */
  label?: string[];
  labelFile?: string[];
  /** `NAME=VALUE`, for config.json. */
  annotation?: string[];
  /** `/host:/container[:options]`, `name:/container[:options]` or `/container` */
  volume?: string[];
  /** `type=bind|volume|tmpfs,src=…,dst=…`, CSV as docker's */
  mount?: string[];
  /** `/container[:size=64m,mode=700…]` */
  tmpfs?: string[];
  /** `container[:ro]` */
  volumesFrom?: string[];
  readOnly?: boolean;
  /** With `readOnly`: /run, /tmp and /var/tmp can be written all the same. Default: false. */
  readOnlyTmpfs?: boolean;
  /** `NET_ADMIN`, with or without CAP_ in front, in any case; `ALL`. */
  capAdd?: string[];
  capDrop?: string[];
  /** `no-new-privileges[=false]`, `seccomp=FILE|unconfined|default`, `mask=PATH`, `unmask=PATH|ALL`, `systempaths=unconfined`, `apparmor=PROFILE|unconfined`, `label=disable`, `label=type:T` and level, filetype, user, role */
  securityOpt?: string[];
  /** All capabilities of the caller's within the container's user namespace, no seccomp filter, nothing hidden, the host's devices. */
  privileged?: boolean;
  /** No further user namespaces in it. */
  disableUserns?: boolean;
  /** What running tsrun inside needs: CAP_SYS_ADMIN in its user namespace, the calls that make namespaces and mounts, an unhidden /proc. */
  nested?: boolean;
  /** Of /dev/shm: `128m`; default 64m. */
  shmSize?: string;
  /** `/dev/host[:/dev/container][:rwm]` */
  device?: string[];
  /** `NAME=VALUE`, of those that the container has for itself. */
  sysctl?: string[];
  /** `nofile=1024[:2048]`, `core=-1`; `host` leaves all as the caller has them. */
  ulimit?: string[];
  /** `private`, `host`, `container:NAME` */
  cgroupns?: string;
  /** `private`, `shareable`, `none`, `host`, `container:NAME`, `ns:PATH` */
  ipc?: string;
  /** `private`, `host`, `container:NAME`, `ns:PATH` */
  pid?: string;
  uts?: string;
  /** `none`, `host`, `pasta[:options]`, `slirp4netns[:options]`, `container:NAME`, `ns:PATH`; default: the first of pasta and slirp4netns that works. */
  network?: string;
  /** `[ip:][hostPort:]containerPort[/udp]` */
  publish?: string[];
  /** Every port that the image or `expose` names, at a free port of the host's. */
  publishAll?: boolean;
  expose?: string[];
  dns?: string[];
  dnsSearch?: string[];
  dnsOption?: string[];
  /** `name:ip`; `host-gateway` is this host, whose loopback the container then reaches. */
  addHost?: string[];
  noHosts?: boolean;
  /** Addresses of the container under pasta; slirp4netns can choose an IPv4 address that ends in .100. */
  ip?: string;
  ip6?: string;
  macAddress?: string;
  /** Refused: there are no networks between containers yet. */
  networkAlias?: string[];
  /** `default`, `keep-id[:uid=N,gid=N,fast]`, `identity[:host-root]`, `nomap`, `auto[:size=N]`, `host` */
  userns?: string;
  /** `CONTAINER:FROM:SIZE`, in place of `userns`. FROM counts the caller's own ids: 0 is he himself; with `@`, and as root, it is an id of the host. */
  uidmap?: string[];
  /** The same for groups; given for one it counts for both. */
  gidmap?: string[];
  /** What no id map lets the container's root do (chown, set*id, device nodes) is answered with success. */
  fakeRoot?: boolean;
  /** `write=/path`, `exec=/path`, each as often as there are paths: Landlock forbids the rest. `write=` alone: nothing is writable. */
  landlock?: string[];
  /** `landlock`: without namespaces, where they are refused. Weaker: see SECURITY.md. Default `namespaces`, which docker calls `default`. */
  isolation?: 'namespaces' | 'landlock' | 'default';
  pull?: PullPolicy;
  init?: boolean;
  /** The image argument is a directory to use as the root file system. */
  rootfs?: boolean;
  cidfile?: string;
  /** Gets the pid of its first process, as the host counts, at each start. */
  pidfile?: string;
  /** Seconds until it is killed, with status 124; 0: no limit. */
  timeout?: number;
  /** A container that has the name is removed first. */
  replace?: boolean;
  /** `no`, `on-failure[:n]`, `always`, `unless-stopped`: until the machine restarts. */
  restart?: string;
  /** A name or number; default: the image's, else SIGTERM. */
  stopSignal?: string;
  /** Seconds between that and SIGKILL; default 10. */
  stopTimeout?: number;
  /** Where the output is kept; default `json-file`. A foreground run with `rm` keeps none. */
  logDriver?: 'json-file' | 'none';
  /** `max-size=10m`, `max-file=3` */
  logOpt?: string[];
  /** A text is the shell's, an array is a command; `none` is none. Default: the image's. */
  healthCmd?: string | string[];
  /** Go's notation: `30s`, `1m30s`. */
  healthInterval?: string;
  healthTimeout?: string;
  healthStartPeriod?: string;
  healthStartInterval?: string;
  healthRetries?: number;
  noHealthcheck?: boolean;
}

export interface ExecOptions extends CommonOptions {
  interactive?: boolean;
  tty?: boolean;
  /** `NAME=value`, or `NAME` to copy the caller's value. */
  env?: string[];
  envFile?: string[];
  workdir?: string;
  /** `name|uid[:group|gid]` */
  user?: string;
  /** All capabilities that the caller has, within the container's user namespace, and no seccomp filter. */
  privileged?: boolean;
}
