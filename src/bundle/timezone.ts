/**
 * `--tz`: what the container has of a time zone. Where the image has the zone itself, TZ names it; else the host's file lies at /etc/localtime,
 * and TZ must not be set, for no program would find the zone. Pure.
 */
import type { Mount } from '../spec/runtime.js';

export interface Zone {
  /** `Europe/Berlin`; absent for a host's own that has no name. */
  name?: string;
  inImage: boolean;
  /** The zone's file at the host, links resolved. */
  hostFile?: string;
}

export const LOCALTIME = '/etc/localtime';

/** What TZ is to be instead of the image's; undefined: not set. */
export function zoneVariable({ name, inImage, hostFile }: Zone): string | undefined {
  if (inImage) return name;
  return hostFile === undefined ? 'UTC0' : undefined; // a host without a zone is at UTC
}

export function zoneMounts({ inImage, hostFile }: Zone): Mount[] {
  if (inImage || hostFile === undefined) return [];
  return [{ destination: LOCALTIME, type: 'bind', source: hostFile, options: ['bind', 'rprivate', 'nosuid', 'nodev', 'noexec', 'ro'] }];
}

/** A file that everybody may read as it is: nothing is gained by showing it as the container root's, which not every file system can. */
export function isZoneMount(source: string, destination: string | undefined): boolean {
  return destination === LOCALTIME && (source === LOCALTIME || source.startsWith('/usr/share/zoneinfo/'));
}
