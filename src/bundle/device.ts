/**
 * `--device HOST[:CONTAINER][:rwm]`. A node of the host is bound into the container: in a user namespace none can be made, and what opens
 * it is judged by its mode and owner on the host. Pure.
 */
import { posix } from 'node:path';
import { TsrunError } from '../errors.js';
import type { IdMapping, IdRange } from '../security/idmap.js';
import { staysInGroups } from '../security/idmap-form.js';
import type { Mount } from '../spec/runtime.js';
import { checkText } from './check.js';
import { bindOptions, containerPath } from './mount-words.js';

export interface AskedDevice {
  /** Absolute; a node, or a directory of them. */
  source: string;
  destination: string;
}

/** A node that was found for what was asked. */
export interface Device extends AskedDevice {
  mode: number;
  uid: number;
  gid: number;
}

/** @throws ERR_TSRUN_USAGE, ERR_TSRUN_UNSUPPORTED */
export function parseDevice(text: string): AskedDevice {
  const given = `--device ${checkText(text, 'a value of --device', 'ERR_TSRUN_USAGE')}`;
  const fail = (what: string, hint: string) => new TsrunError('ERR_TSRUN_USAGE', `${given}: ${what}`, { subject: text, hint });
  const [source = '', second, third, ...rest] = text.split(':');
  if (/^[\w.-]+\/[\w.-]+=/.test(text))
    throw new TsrunError('ERR_TSRUN_UNSUPPORTED', `${given}: devices of the Container Device Interface are not supported`, {
      subject: text,
      hint: 'name its nodes: --device /dev/…',
    });
  if (!source.startsWith('/')) throw fail('it is not an absolute path', 'write --device /dev/NAME');
  if (rest.length > 0 || second === '' || third === '') throw fail('it is not HOST[:CONTAINER][:rwm]', 'write --device /dev/fuse');
  const permissions = third ?? (second !== undefined && !second.startsWith('/') ? second : 'rwm');
  if (!/^[rwm]{1,3}$/.test(permissions) || new Set(permissions).size < permissions.length)
    throw fail(`${JSON.stringify(permissions)} are no permissions`, 'write rwm, or nothing');
  if (permissions.length < 3)
    throw new TsrunError('ERR_TSRUN_UNSUPPORTED', `${given}: permissions other than rwm need a device cgroup, which tsrun does not have`, {
      subject: text,
      hint: 'leave them out: the mode of the node at the host decides',
    });
  return { source: posix.normalize(source), destination: containerPath(second?.startsWith('/') ? second : source, given) };
}

export function deviceMount({ source, destination }: AskedDevice): Mount {
  return {
    destination,
    type: 'bind',
    source,
    options: bindOptions({ recursive: false, propagation: 'rprivate', dev: true, noexec: true }),
  };
}

/** None when the container's root can use it as the host's mode says; else what keeps it out. @param groups the caller's */
export function deviceNote({ source, mode, uid, gid }: Device, ids: IdMapping, groups: readonly number[]): string[] {
  const everybody = (mode & 0o6) === 0o6;
  const ownersInside = isMapped(uid, ids.uid) && isMapped(gid, ids.gid);
  const ofGroup = staysInGroups(ids) && groups.includes(gid) && (mode & 0o60) === 0o60;
  if (everybody || ownersInside || ofGroup) return [];
  return [
    `${source} belongs to ${uid}:${gid} at the host and has mode ${(mode & 0o7777).toString(8).padStart(4, '0')}: ` +
      'in a user namespace nobody is that user or in that group, so the container may do with it what everybody may',
  ];
}

function isMapped(id: number, ranges: readonly IdRange[]): boolean {
  return ranges.some(({ hostId, size }) => id >= hostId && id < hostId + size);
}
