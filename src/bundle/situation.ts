/** Smaller options of a run as parts of its runtime spec, and what they exclude. Pure. @throws ERR_TSRUN_USAGE, ERR_TSRUN_ID_MAP */
import type { RunOptions } from '../api/options.js';
import { TsrunError } from '../errors.js';
import type { IdMapping, IdRange } from '../security/idmap.js';
import { staysInGroups } from '../security/idmap-form.js';
import type { Mount, User } from '../spec/runtime.js';
import { type Device, parseDevice } from './device.js';
import { labelAnnotations } from './labels.js';
import { parseLandlock } from './landlock.js';
import { parseUlimits } from './limits.js';
import { parseSize } from './size.js';
import { parseSysctls } from './sysctl.js';
import { checkGroups } from './user.js';

/** In octal, as podman's. */
export function parseUmask(text: string): number {
  if (/^0*[0-7]{1,3}$/.test(text) && text.length <= 5) return Number.parseInt(text, 8);
  throw new TsrunError('ERR_TSRUN_USAGE', `${JSON.stringify(text)} is not a umask`, {
    subject: text,
    hint: 'write it in octal, such as 0022',
  });
}

/** What was asked for by name is never left out without a word. */
export function withGroups(user: User, added: readonly number[], ids: IdMapping): User {
  const missing = added.find((gid) => !isMapped(gid, ids.gid) || (staysInGroups(ids) && gid !== user.gid));
  if (missing !== undefined)
    throw new TsrunError('ERR_TSRUN_ID_MAP', `--group-add: the container cannot be in group ${missing}, which the id map does not have`, {
      subject: String(missing),
      hint: ids.notes[0] ?? 'leave it out',
    });
  if (staysInGroups(ids) || added.length === 0) return user;
  return { ...user, additionalGids: [...new Set([...(user.additionalGids ?? []), ...added])] };
}

/** docker's: 0 is the default. */
export function parseShmSize(text: string): number {
  const size = parseSize(text);
  if (size !== undefined) return size || 64 * 1024 * 1024;
  throw new TsrunError('ERR_TSRUN_USAGE', `--shm-size: ${JSON.stringify(text)} is not a size`, {
    subject: text,
    hint: 'write bytes, or a number with k, m or g',
  });
}

export function checkDomainname(name: string): string {
  if (name.length <= 64 && /^[\w.-]*$/.test(name)) return name;
  throw new TsrunError('ERR_TSRUN_USAGE', `${JSON.stringify(name)} is not a domain name`, {
    subject: name,
    hint: 'use up to 64 letters, digits, dots and hyphens',
  });
}

/** docker's "conflicting options": the names of a namespace that others have are theirs. */
export function refuseNames({ hostname, domainname }: Pick<RunOptions, 'hostname' | 'domainname'>, namespace: string): void {
  const flag = hostname ? '--hostname' : domainname ? '--domainname' : undefined;
  if (flag !== undefined)
    throw new TsrunError('ERR_TSRUN_USAGE', `conflicting options: ${flag} and ${namespace}`, {
      subject: flag,
      hint: 'leave out one of them',
    });
}

export function refuseCovered(devices: readonly Device[], mounts: readonly Mount[]): void {
  const covered = devices.find(({ destination }) => mounts.some((mount) => mount.destination === destination));
  if (covered !== undefined)
    throw new TsrunError('ERR_TSRUN_USAGE', `duplicate mount point: a device and a mount are both to be at ${covered.destination}`, {
      subject: covered.destination,
      hint: 'give each its own destination',
    });
}

/** Whether the container has an id. */
export function isMapped(id: number, ranges: readonly IdRange[]): boolean {
  return ranges.some(({ containerId, size }) => id >= containerId && id < containerId + size);
}

/** Every notation, before anything is pulled. */
export function checkSituation(options: RunOptions): void {
  const { umask, shmSize, domainname } = options;
  if (umask !== undefined) parseUmask(umask);
  if (shmSize !== undefined) parseShmSize(shmSize);
  if (domainname !== undefined) checkDomainname(domainname);
  options.device?.map(parseDevice);
  parseUlimits(options.ulimit ?? [], '');
  parseSysctls(options.sysctl ?? [], () => true);
  checkGroups(options.groupAdd ?? []);
  parseLandlock(options.landlock ?? []);
  labelAnnotations({ labels: options.label ?? [], files: [], annotations: options.annotation ?? [], image: {} });
}
