/** Image config + options + facts → runtime spec and the files that go with it. Pure: everything read comes in as text. */
import type { RunOptions } from '../api/options.js';
import { TsrunError } from '../errors.js';
import { hasOwnNetwork, type NetworkSettings, type PublishedPort } from '../network/settings.js';
import type { Capability } from '../security/capabilities.js';
import type { IdMapping } from '../security/idmap.js';
import { staysInGroups } from '../security/idmap-form.js';
import type { Profile } from '../security/seccomp/read-profile.js';
import { kernelAtLeast } from '../security/seccomp/resolve.js';
import type { SelinuxLabels } from '../security/selinux.js';
import type { ImageConfig } from '../spec/image.js';
import { OCI_VERSION, type Process, type RuntimeSpec, type User } from '../spec/runtime.js';
import { buildAnnotations, CRUN_KEEPS_GROUPS, KEEPS_GROUPS } from './annotations.js';
import { checkText } from './check.js';
import { type Device, deviceMount, deviceNote } from './device.js';
import { buildEnv } from './env.js';
import { parseEnvFile } from './env-file.js';
import { fakeRootNotes, needsAptConf } from './fake-root.js';
import { type BuiltFile, buildFiles, chooseHostname } from './files.js';
import { labelAnnotations } from './labels.js';
import { landlockNotes } from './landlock.js';
import { parseUlimits } from './limits.js';
import { buildLinux } from './linux.js';
import { buildMounts } from './mounts.js';
import { choosePrivilege, type Privilege } from './privilege.js';
import { buildArgs, buildCwd } from './process.js';
import { checkDomainname, isMapped, parseShmSize, parseUmask, refuseCovered, withGroups } from './situation.js';
import { hasHostNetwork, parseSpaces, type SpacesInput, spaceOf } from './spaces.js';
import { type Zone, zoneMounts, zoneVariable } from './timezone.js';
import { writablePlaces } from './tmpfs.js';
import { type ResolvedUser, resolveGroups, resolveUser } from './user.js';
import { type Inherited, mountAnnotations, type NamedVolume, userMounts } from './user-mounts.js';

export type { BuiltFile } from './files.js';

export interface BuildInput {
  /** Absent for `--rootfs`. */
  image?: { name: string; config: ImageConfig };
  options: RunOptions;
  /** What stood behind the image on the command line. */
  command: readonly string[];
  ids: IdMapping;
  /** Text of the image's /etc/passwd and /etc/group, read inside the root and bounded by the caller; '' when absent. */
  passwd: string;
  group: string;
  /** The `--env-file`s in order, read by readEnvFile. */
  envFiles: readonly { path: string; text: string }[];
  host: HostFacts;
  /** A terminal is wanted (`-t`, given or implied). */
  terminal: boolean;
  /** Default: as `options.network` says, `none` or `host`. */
  network?: NetworkInput;
  /** Default: as the options say, where they name no container. */
  spaces?: SpacesInput;
  /** `root.path`: relative to the container's directory, or absolute. */
  rootPath: string;
  /** The container's directory, where `files` will lie; absolute, may hold slots. */
  containerDir: string;
  /** Where volumes lie; without it the image's volumes are ordinary directories of the container. */
  volumesDir?: string;
  /** `--volumes-from` */
  inherited?: readonly Inherited[];
  /** The `--label-file`s in order. */
  labelFiles?: readonly { path: string; text: string }[];
  /** `--device` */
  devices?: readonly Device[];
  /** The host's, for `--privileged`: those that are in nobody's way. */
  allDevices?: readonly Device[];
  /** `--security-opt seccomp=FILE` */
  seccompProfile?: Profile;
  /** `--security-opt label=` */
  labels?: SelinuxLabels;
  /** `--tz` */
  zone?: Zone;
  /** The image has apt: for `--fake-root`. */
  hasApt?: boolean;
  /** tsrun's own annotations (the layer stack …). */
  annotations?: Readonly<Record<string, string>>;
}

/** What was chosen for the network, and the texts that go with it. */
export interface NetworkInput {
  settings: NetworkSettings;
  ports: readonly PublishedPort[];
  /** A namespace that is there already, as a path: that of a container or a file. */
  path?: string;
  resolvConf: string;
  /** The whole of /etc/hosts, where the network has one already. */
  hosts?: string;
  added: readonly { name: string; ip: string }[];
}

export interface HostFacts {
  arch: 'x64' | 'arm64';
  /** uname -r */
  kernel: string;
  /** Names (never values) set in the caller's environment. */
  envNames: ReadonlySet<string>;
  /** Those that `--env-host` and `--http-proxy` copy. */
  copied?: readonly string[];
  /** /proc/self/limits, for `--ulimit`. */
  limits?: string;
  /** The caller's supplementary groups. */
  groups?: readonly number[];
  /** Capabilities that the caller can give away; absent: all. */
  boundingSet?: readonly Capability[];
  /** readThermalPaths() */
  thermalPaths?: readonly string[];
  /** Of the host, for `--network host` and `--uts host`. */
  hostname?: string;
  hosts?: string;
  resolvConf?: string;
}

export interface Built {
  spec: RuntimeSpec;
  files: BuiltFile[];
  /** What must be there when it starts. */
  volumes: NamedVolume[];
  notes: string[];
}

/** @throws ERR_TSRUN_USAGE, ERR_TSRUN_UNSUPPORTED, ERR_TSRUN_CONFIG_INVALID, ERR_TSRUN_USER_NOT_FOUND, ERR_TSRUN_ID_MAP */
export function buildSpec(input: BuildInput): Built {
  const { options, ids, host } = input;
  const notes: string[] = [];
  const network = input.network ?? networkOf(input);
  const hostNetwork = network.settings.mode === 'host';
  const ownNetwork = hasOwnNetwork(network.settings);
  const asked = userMounts({
    options,
    inherited: input.inherited ?? [],
    imageVolumes: input.image?.config.config?.Volumes,
    volumesDir: input.volumesDir,
    facts: { recursiveReadOnly: kernelAtLeast(host.kernel, 5, 12), labelled: input.labels !== undefined },
  });
  notes.push(...asked.notes);
  const spaces = input.spaces ?? { asked: parseSpaces(options) };
  const uts = spaceOf('uts', spaces);
  const given = uts === 'joined' ? spaces.neighbour?.hostname : hostNetwork || uts === 'host' ? host.hostname : undefined;
  const hostname = chooseHostname(options.hostname, given);
  const user = chooseUser(input);
  const added = resolveGroups(options.groupAdd ?? [], input.group);
  const account = withGroups(mappedUser(user, ids, notes), added, ids);
  const privilege = choosePrivilege({
    options,
    facts: host,
    ids,
    uid: account.uid,
    ownUserns: spaces.neighbour === undefined,
    ...(input.seccompProfile ? { profile: input.seccompProfile } : {}),
  });
  if (privilege.mayLeaveMounts && spaceOf('pid', spaces) !== 'own') notes.push(LEAVES);
  const process = buildProcess(input, user, account, hostname, privilege);
  const devices = input.devices ?? [];
  for (const device of devices) notes.push(...deviceNote(device, ids, host.groups ?? []));
  if (options.readOnlyTmpfs && !options.readOnly) notes.push('--read-only-tmpfs has no effect without --read-only');
  const own = [
    ...devices.map(deviceMount),
    ...besides(input.allDevices ?? [], devices).map(deviceMount),
    ...(options.readOnly && options.readOnlyTmpfs ? writablePlaces() : []),
    ...(input.zone ? zoneMounts(input.zone) : []),
  ];
  refuseCovered(devices, asked.mounts);
  const aptConf = needsAptConf(options, ids, input.hasApt ?? false);
  notes.push(...fakeRootNotes(options, ids));
  const mounts = buildMounts({
    aptConf,
    spaces,
    ownNetwork: ownNetwork || (network.settings.mode === 'container' && !hasHostNetwork('container', spaces)),
    noHosts: options.noHosts ?? false,
    readOnly: options.readOnly ?? false,
    writableSys: privilege.writableSys,
    ttyGroup: isMapped(5, ids.gid),
    containerDir: input.containerDir,
    ...(options.shmSize === undefined ? {} : { shmSize: parseShmSize(options.shmSize) }),
    volumes: [...own.filter(({ destination }) => !asked.mounts.some((mount) => mount.destination === destination)), ...asked.mounts],
  });
  notes.push(...landlockNotes(options.landlock ?? [], options.readOnly ?? false, mounts));
  const spec: RuntimeSpec = {
    ociVersion: OCI_VERSION,
    process,
    root: { path: input.rootPath, readonly: options.readOnly ?? false },
    hostname,
    ...(options.domainname === undefined ? {} : { domainname: checkDomainname(options.domainname) }),
    mounts,
    linux: buildLinux(input, privilege, network, spaces),
    annotations: buildAnnotations(input.image, {
      'io.tsrun.owners': ids.owners,
      ...(ids.keepsGroups ? { [KEEPS_GROUPS]: '1', [CRUN_KEEPS_GROUPS]: '1' } : {}),
      ...mountAnnotations(asked.containerMounts),
      ...labelAnnotations({
        labels: options.label ?? [],
        files: input.labelFiles ?? [],
        annotations: options.annotation ?? [],
        image: input.image?.config.config?.Labels,
      }),
      ...input.annotations,
    }),
  };
  const files = buildFiles({
    hostname,
    ...(network.hosts === undefined ? {} : { hosts: network.hosts }),
    ...('address' in network.settings ? { address: network.settings.address } : {}),
    added: network.added,
    resolvConf: network.resolvConf,
    aptConf,
  });
  return { spec, files, volumes: asked.volumes, notes };
}

/** Who shares a pid namespace is known by his mounts (native/members.c). */
const LEAVES =
  'its processes are not in a pid namespace of the container’s own, and may make mount namespaces: those that do are not ended with it';

/** -u, else the caller's own ids with keep-id (as podman), else the image's USER, else root. */
function chooseUser({ options, ids, image, passwd, group }: BuildInput): ResolvedUser {
  const asked = options.user;
  if (asked !== undefined && asked !== '') return resolveUser(checkText(asked, '--user', 'ERR_TSRUN_USAGE'), passwd, group);
  if (ids.keep) return resolveUser(`${ids.keep.uid}:${ids.keep.gid}`, passwd, group);
  return resolveUser(checkText(image?.config.config?.User ?? '', 'User of the image'), passwd, group);
}

/** Only ids that the map has can be taken on. */
export function mappedUser(user: ResolvedUser, ids: IdMapping, notes: string[]): User {
  const missing = isMapped(user.uid, ids.uid) ? (isMapped(user.gid, ids.gid) ? undefined : `group ${user.gid}`) : `user ${user.uid}`;
  if (missing !== undefined) {
    throw new TsrunError('ERR_TSRUN_ID_MAP', `the container is to run as ${missing}, which the id map does not have`, {
      subject: missing,
      hint: ids.notes[0] === undefined ? 'run as another user with -u 0' : `run as root with -u 0. ${ids.notes[0]}`,
    });
  }
  if (staysInGroups(ids)) return { uid: user.uid, gid: user.gid }; // the groups are the caller's then
  const dropped = user.additionalGids.filter((gid) => !isMapped(gid, ids.gid));
  if (dropped.length > 0) notes.push(`supplementary groups ${dropped.join(', ')} are left out: the id map does not have them`);
  return { uid: user.uid, gid: user.gid, additionalGids: user.additionalGids.filter((gid) => isMapped(gid, ids.gid)) };
}

function buildProcess(input: BuildInput, { home }: ResolvedUser, user: User, hostname: string, privilege: Privilege): Process {
  const { options, host, terminal } = input;
  const config = input.image?.config.config;
  const limits = parseUlimits(options.ulimit ?? [], host.limits ?? '');
  return {
    terminal,
    user: { ...user, ...(options.umask === undefined ? {} : { umask: parseUmask(options.umask) }) },
    args: buildArgs(config, options.entrypoint, input.command),
    ...(limits.length > 0 ? { rlimits: limits } : {}),
    env: buildEnv({
      image: config?.Env ?? [],
      files: input.envFiles.flatMap(({ path, text }) => parseEnvFile(text, path)),
      options: options.env ?? [],
      callerNames: host.envNames,
      home,
      hostname,
      terminal,
      host: host.copied ?? [],
      unset: options.unsetenvAll ? 'all' : (options.unsetenv ?? []),
      ...(input.zone ? { timezone: { value: zoneVariable(input.zone) } } : {}),
    }),
    cwd: buildCwd(config, options.workdir),
    capabilities: privilege.capabilities,
    noNewPrivileges: privilege.noNewPrivileges,
    ...(privilege.apparmor === undefined ? {} : { apparmorProfile: privilege.apparmor }),
    ...(input.labels === undefined ? {} : { selinuxLabel: input.labels.process }),
  };
}

/** What was asked for by name has its place first. */
function besides(all: readonly Device[], asked: readonly Device[]): Device[] {
  return all.filter(({ destination }) => !asked.some((device) => device.destination === destination));
}

function networkOf({ options, host }: BuildInput): NetworkInput {
  if (options.network !== 'host') return { settings: { mode: 'none' }, ports: [], added: [], resolvConf: '' };
  return {
    settings: { mode: 'host' },
    ports: [],
    added: [],
    resolvConf: host.resolvConf ?? '',
    ...(host.hosts ? { hosts: host.hosts } : {}),
  };
}
