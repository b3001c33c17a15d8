/** `run` and `create`, up to the launch plan: everything that is decided, nothing that is done to start a process. */
import { existsSync, lstatSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { type Built, buildSpec } from '../bundle/build.js';
import type { Device } from '../bundle/device.js';
import { parseEnvFile, readEnvFile } from '../bundle/env-file.js';
import { parseLandlock } from '../bundle/landlock.js';
import { askedPrivilege } from '../bundle/privilege.js';
import { buildCommand } from '../bundle/process.js';
import { parseSysctls } from '../bundle/sysctl.js';
import type { Zone } from '../bundle/timezone.js';
import { KEEP_GROUPS, resolveGroups } from '../bundle/user.js';
import { parseHealth } from '../container/parse-health.js';
import { parseLog, parseRestart, parseSignal, parseTimeout, STOP_TIMEOUT } from '../container/parse-settings.js';
import { removeContainer, sweep } from '../container/remove.js';
import { settingsAnnotation } from '../container/settings.js';
import { listContainers } from '../container/state.js';
import { TsrunError } from '../errors.js';
import { containerAttributes } from '../events/event.js';
import { ensurePrivateDirectory, type HostPath, type StorePaths } from '../paths.js';
import type { NewContainer } from '../plan/run.js';
import type { ContainerSettings } from '../plan/settings.js';
import { slot } from '../plan/slot.js';
import { findIdentity, type Identity } from '../rootfs/identity.js';
import { isFileInLayers, readAccounts } from '../rootfs/lookup.js';
import { giveBack, sliceFile } from '../rootfs/slices.js';
import type { Profile } from '../security/seccomp/read-profile.js';
import type { SelinuxLabels } from '../security/selinux.js';
import { claimVolume } from '../volume/state.js';
import { checkRun, withoutEmpty } from './check-run.js';
import { checkSources } from './check-sources.js';
import { labelsOf } from './container-details.js';
import { givenRoot, imageRoot, type Root } from './container-root.js';
import { findDevices, hostDevices } from './devices.js';
import { hostFacts, ownArch, proxyNotes } from './host.js';
import { type PreparedNetwork, prepareNetwork } from './network.js';
import type { RunOptions } from './options.js';
import { destroyed } from './record.js';
import { askedProfile } from './seccomp.js';
import { askedLabels, checkLabelled } from './selinux.js';
import { noteOnce, openStore, type Session } from './session.js';
import { type PreparedSpaces, prepareSpaces } from './spaces.js';
import { findZone } from './timezone.js';
import { checkSlaves, inheritedMounts } from './volumes-from.js';

/** Steps: the store, who runs it, what it runs on, what it is. */
export async function newContainer(image: string, command: readonly string[], given: RunOptions): Promise<NewContainer> {
  const options = withoutEmpty(given);
  checkRun(options);
  const seccompProfile = askedProfile(options.securityOpt ?? []);
  const session = await openStore(options);
  const labels = askedLabels(session.paths, options.securityOpt ?? [], options.onNote);
  const walls = { ...(seccompProfile ? { seccompProfile } : {}), ...(labels ? { labels } : {}) };
  ensurePrivateDirectory(session.paths.run, process.getuid?.() ?? 0);
  sweep(session.paths, destroyed);
  const identity = inGroups(await findIdentity(session.paths, options, options.signal), options);
  try {
    return await composed(session, identity, image, command, options, walls);
  } catch (error) {
    giveBack(session.paths, identity.ids.slice);
    throw error;
  }
}

async function composed(
  session: Session,
  identity: Identity,
  image: string,
  command: readonly string[],
  options: RunOptions,
  walls: Pick<LookedUp, 'seccompProfile' | 'labels'>,
): Promise<NewContainer> {
  const spaces = prepareSpaces(session.paths, identity.ids, options);
  const root = options.rootfs ? givenRoot(image, identity) : await imageRoot(session, identity, image, options);
  if (walls.labels) checkLabelled(root.source);
  const network = prepareNetwork(
    session.paths,
    options,
    spaces.input.neighbour,
    Object.keys(root.image?.config.config?.ExposedPorts ?? {}),
  );
  const asked = { ...lookUp(options, root.layers), ...walls };
  const settings = settingsFor(options, command, root, network, spaces, asked);
  const built = buildContainer(session.paths, identity, image, command, root, network, spaces, settings, asked, options);
  checkSources((built.spec.mounts ?? []).filter(({ source }) => !source?.startsWith(`${session.paths.volumes}/`)));
  checkSlaves(built.spec.mounts ?? [], () => readFileSync('/proc/self/mountinfo', 'utf8'));
  for (const { name, labels } of built.volumes) await claimVolume(session.paths, name, labels, identity, options.signal);
  for (const note of [...identity.ids.notes, ...network.notes, ...spaces.notes, ...built.notes])
    noteOnce(session.paths, note, options.onNote);
  for (const note of proxyNotes(options, process.env)) options.onNote?.(note);
  if (options.replace) await makeRoom(session.paths, options);
  return assemble(session.paths, identity, image, settings, spaces, built, options);
}

/** `--group-add keep-groups`. Root's groups, of which 0 is one, open files of the host's that no container should read. */
function inGroups({ ids, mappers }: Identity, { groupAdd = [] }: RunOptions): Identity {
  if (!groupAdd.includes(KEEP_GROUPS)) return { ids, mappers };
  if (process.getuid?.() === 0)
    throw new TsrunError('ERR_TSRUN_UNSUPPORTED', `--group-add ${KEEP_GROUPS} as root would put root’s groups into the container`, {
      subject: KEEP_GROUPS,
      hint: 'name groups of the image, or run as an ordinary user',
    });
  return { ids: { ...ids, keepsGroups: true }, mappers };
}

/** What of the host and the image the options name. */
interface LookedUp {
  devices: Device[];
  /** All of the host's, for --privileged. */
  allDevices: Device[];
  zone?: Zone;
  seccompProfile?: Profile;
  labels?: SelinuxLabels;
  hasApt: boolean;
}

function lookUp({ device = [], tz, privileged, fakeRoot = false }: RunOptions, layers: readonly HostPath[]): LookedUp {
  return {
    devices: findDevices(device),
    allDevices: privileged ? hostDevices() : [],
    hasApt: fakeRoot && isFileInLayers(layers, '/usr/bin/apt-get'),
    ...(tz === undefined ? {} : { zone: findZone(tz, layers) }),
  };
}

/** The container that has the name goes, whatever it does. */
export async function makeRoom(paths: StorePaths, { name }: RunOptions): Promise<void> {
  const taken = listContainers(paths).find((container) => container.name === name);
  if (taken !== undefined) await removeContainer(paths, taken, true);
}

export function containerDirectory(paths: StorePaths, { rm }: RunOptions): string {
  return join(rm ? paths.transient : paths.containers, slot('id'));
}

function buildContainer(
  paths: StorePaths,
  { ids }: Identity,
  image: string,
  command: readonly string[],
  root: Root,
  network: PreparedNetwork,
  spaces: PreparedSpaces,
  settings: ContainerSettings,
  asked: LookedUp,
  options: RunOptions,
): Built {
  // Once: it may be a pipe.
  const envFiles = (options.envFile ?? []).map((path): EnvFile => ({ path, text: readEnvFile(path) }));
  return buildSpec({
    ...(root.image ? { image: { ...root.image, name: image } } : {}),
    options,
    command,
    ids,
    ...readAccounts(root.layers),
    envFiles,
    labelFiles: (options.labelFile ?? []).map((path) => ({ path, text: readEnvFile(path, '--label-file') })),
    ...asked,
    host: hostFacts(options),
    network: network.input,
    spaces: spaces.input,
    terminal: options.tty ?? false,
    rootPath: root.source.type === 'directory' ? root.source.path : 'rootfs',
    containerDir: containerDirectory(paths, options),
    volumesDir: paths.volumes,
    inherited: (options.volumesFrom ?? []).map((text) => inheritedMounts(paths, text, options.rm ?? false)),
    annotations: { ...root.annotations, ...settingsAnnotation(paths, withVariables(settings, envFiles, options)) },
  });
}

/** Names alone: their values stand in config.json, where they are known. */
function withVariables(settings: ContainerSettings, files: readonly EnvFile[], { env = [] }: RunOptions): ContainerSettings {
  const fromFiles = files.flatMap(({ path, text }) => parseEnvFile(text, path)).map(({ name }) => name);
  const names = [...new Set([...fromFiles, ...env.map((text) => text.split('=', 1)[0] ?? '')])];
  return names.length === 0 || !settings.written ? settings : { ...settings, written: { ...settings.written, env: names } };
}

interface EnvFile {
  path: string;
  text: string;
}

export function settingsFor(
  options: RunOptions,
  command: readonly string[],
  root: Root,
  network: { input: Pick<PreparedNetwork['input'], 'settings' | 'ports'> },
  { kept }: Pick<PreparedSpaces, 'kept'>,
  { devices, labels }: Pick<LookedUp, 'devices' | 'labels'>,
): ContainerSettings {
  const { rm = false, restart, timeout, pidfile, groupAdd, sysctl } = options;
  const landlock = parseLandlock(options.landlock ?? []);
  const policy = parseRestart(restart ?? 'no');
  const privilege = askedPrivilege(options);
  if (rm && policy.name !== 'no')
    throw new TsrunError('ERR_TSRUN_USAGE', '--rm and --restart exclude each other', { hint: 'leave out one of them' });
  const config = root.image?.config.config;
  const { Healthcheck, Shell } = config ?? {};
  const health = parseHealth(options, Healthcheck ?? undefined, Shell ?? undefined);
  return {
    rm,
    interactive: options.interactive ?? false,
    init: options.init ?? false,
    root: root.source,
    network: network.input.settings,
    ports: network.input.ports,
    ...(kept ? { spaces: kept } : {}),
    restart: policy,
    log: parseLog(options.logDriver ?? 'json-file', options.logOpt ?? []),
    stopSignal: parseSignal(options.stopSignal ?? root.image?.config.config?.StopSignal ?? 'SIGTERM'),
    stopTimeout: options.stopTimeout ?? STOP_TIMEOUT,
    written: { user: options.user || (config?.User ?? ''), ...buildCommand(config, options.entrypoint, command) },
    ...(health ? { health } : {}),
    ...(privilege ? { privilege } : {}),
    ...(timeout ? { timeout: parseTimeout(timeout) } : {}),
    ...(pidfile === undefined ? {} : { pidfile: resolve(pidfile) }),
    ...(groupAdd?.length ? { groups: resolveGroups(groupAdd, readAccounts(root.layers).group) } : {}),
    ...(devices.length > 0 ? { devices: devices.map(({ source, destination }) => ({ source, destination })) } : {}),
    ...(landlock ? { landlock } : {}),
    ...(labels ? { layerLabel: labels.layers } : {}),
    ...(sysctl?.length ? { sysctl: Object.keys(parseSysctls(sysctl, () => true)) } : {}),
  };
}

export function assemble(
  paths: StorePaths,
  { ids, mappers }: Identity,
  image: string,
  settings: ContainerSettings,
  { neighbour }: Pick<PreparedSpaces, 'neighbour'>,
  built: Built,
  options: RunOptions,
): NewContainer {
  const { name } = options;
  for (const directory of [paths.containers, paths.transient, paths.names, paths.volumes])
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (name !== undefined) claimName(paths, name);
  return {
    ...built,
    settings,
    ...(neighbour ? { neighbour } : {}),
    ids,
    ...(mappers ? { mappers } : {}),
    ...(ids.slice ? { slice: sliceFile(paths, ids.slice) } : {}),
    containerDir: containerDirectory(paths, options),
    unlockedDir: paths.unlocked(slot('id')),
    runDir: paths.runOf(slot('id')),
    ...(name === undefined ? {} : { nameLink: join(paths.names, name) }),
    ...(options.cidfile === undefined
      ? {}
      : { cidfile: isAbsolute(options.cidfile) ? options.cidfile : `${slot('cwd')}/${options.cidfile}` }),
    events: {
      file: paths.events,
      id: slot('id'),
      attributes: containerAttributes({ image, ...(name === undefined ? {} : { name }) }, labelsOf(built.spec)),
    },
    status: { image, command: built.spec.process?.args ?? [], created: slot('begun') },
    arch: ownArch(),
    callerUid: process.getuid?.() ?? 0,
  };
}

/** A name whose container is gone (killed between its link and its directory) is free again. */
function claimName(paths: StorePaths, name: string): void {
  const link = join(paths.names, name);
  if (lstatSync(link, { throwIfNoEntry: false }) === undefined) return;
  if (!existsSync(link)) {
    rmSync(link, { force: true });
    return;
  }
  throw new TsrunError('ERR_TSRUN_NAME_IN_USE', `the name ${JSON.stringify(name)} is used by another container`, {
    subject: name,
    hint: `choose another name, or remove it first: tsrun rm ${name}`,
  });
}
