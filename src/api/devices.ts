/** The device nodes that `--device` names: one, or all below a directory, as docker takes them. */
import { lstatSync, readdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { type AskedDevice, type Device, parseDevice } from '../bundle/device.js';
import { systemReason, TsrunError } from '../errors.js';

/** Below /dev these are not devices, or are the container's own: docker's list. */
const NOT_DEVICES = ['pts', 'shm', 'fd', 'mqueue', '.lxc', '.lxd-mounts', '.udev', 'console'];
const MOST = 1024;

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
  const below = nodesBelow(path, destination);
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

function nodesBelow(directory: string, destination: string): Device[] {
  return readdirSync(directory)
    .filter((name) => !NOT_DEVICES.includes(name))
    .flatMap((name): Device[] => {
      const [source, inside] = [join(directory, name), join(destination, name)];
      const stat = lstatSync(source, { throwIfNoEntry: false });
      if (stat?.isDirectory()) return nodesBelow(source, inside);
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
