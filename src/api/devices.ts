/** The device nodes that `--device` names: one, or all below a directory, as docker takes them; and all of the host's, for --privileged. */
import { lstatSync, readdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { type AskedDevice, type Device, parseDevice } from '../bundle/device.js';
import { systemReason, TsrunError } from '../errors.js';

/** Below /dev these are not devices, or are the container's own: docker's list. */
const NOT_DEVICES = ['pts', 'shm', 'fd', 'mqueue', '.lxc', '.lxd-mounts', '.udev', 'console'];
const MOST = 1024;
/** Each is opened while the container is put together. */
const MOST_OF_HOST = 768;

/** @throws ERR_TSRUN_USAGE, ERR_TSRUN_MOUNT_SOURCE, ERR_TSRUN_UNSUPPORTED */
export function findDevices(texts: readonly string[]): Device[] {
  const found = texts.map(parseDevice).flatMap(devicesOf);
  const seen = new Set<string>();
  for (const { destination } of found) {
    if (seen.has(destination))
      throw new TsrunError('ERR_TSRUN_USAGE', `--device: two devices are to be ${destination}`, {
        subject: destination,
        hint: 'give each its own place: --device /dev/NAME:/dev/OTHER',
      });
    seen.add(destination);
  }
  return found;
}

function devicesOf({ source, destination }: AskedDevice): Device[] {
  const path = reached(source);
  const stat = statSync(path);
  if (isNode(stat)) return [{ source: path, destination, mode: stat.mode, uid: stat.uid, gid: stat.gid }];
  if (!stat.isDirectory()) throw cannot(source, 'it is not a device');
  const below = nodesBelow(path, destination, readdirSync);
  if (below.length === 0) throw cannot(source, 'there is no device in this directory');
  if (below.length > MOST) throw cannot(source, `there are more than ${MOST} devices in this directory`);
  return below;
}

/** A link stands for what it leads to. */
function reached(source: string): string {
  try {
    const path = realpathSync(source);
    statSync(path);
    return path;
  } catch (cause) {
    throw cannot(source, systemReason(cause), cause);
  }
}

/** Made anew in every container. */
const OWN = ['null', 'zero', 'full', 'random', 'urandom', 'tty', 'ptmx'].map((name) => `/dev/${name}`);

/** What the host has below /dev. A directory that the caller may not look into has nothing for him. */
export function hostDevices(): Device[] {
  const found = nodesBelow('/dev', '/dev', readable).filter(({ destination }) => !OWN.includes(destination) && !destination.includes(':'));
  if (found.length <= MOST_OF_HOST) return found;
  throw new TsrunError('ERR_TSRUN_UNSUPPORTED', `--privileged: the host has ${found.length} devices, and ${MOST_OF_HOST} is the most`, {
    subject: '--privileged',
    hint: 'name those that are needed with --device',
  });
}

function readable(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function nodesBelow(directory: string, destination: string, list: (directory: string) => string[]): Device[] {
  return list(directory)
    .filter((name) => !NOT_DEVICES.includes(name))
    .flatMap((name): Device[] => {
      const [source, inside] = [join(directory, name), join(destination, name)];
      const stat = lstatSync(source, { throwIfNoEntry: false });
      if (stat?.isDirectory()) return nodesBelow(source, inside, list);
      return stat !== undefined && isNode(stat) ? [{ source, destination: inside, mode: stat.mode, uid: stat.uid, gid: stat.gid }] : [];
    });
}

function isNode(stat: Stats): boolean {
  return stat.isCharacterDevice() || stat.isBlockDevice();
}

function cannot(source: string, why: string, cause?: unknown): TsrunError {
  return new TsrunError('ERR_TSRUN_MOUNT_SOURCE', `--device ${source}: ${why}`, {
    subject: source,
    hint: 'name a device node of the host, such as /dev/fuse',
    cause,
  });
}
