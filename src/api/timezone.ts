/** A time zone by its name, at the host and in the image. */
import { closeSync, openSync, readSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { LOCALTIME, type Zone } from '../bundle/timezone.js';
import { TsrunError } from '../errors.js';
import type { HostPath } from '../paths.js';
import { isFileInLayers } from '../rootfs/lookup.js';

const ZONEINFO = '/usr/share/zoneinfo';

/** @param layers of the image, the topmost first. @throws ERR_TSRUN_USAGE when nobody knows the zone */
export function findZone(tz: string, layers: readonly HostPath[]): Zone {
  const hostFile = zoneFile(tz === 'local' ? LOCALTIME : join(ZONEINFO, checkZone(tz)));
  const name = tz === 'local' ? /\/zoneinfo\/(?:posix\/|right\/)?(.+)$/.exec(hostFile ?? '')?.[1] : tz;
  const inImage = name !== undefined && isFileInLayers(layers, `${ZONEINFO}/${name}`);
  if (tz !== 'local' && !inImage && hostFile === undefined)
    throw new TsrunError('ERR_TSRUN_USAGE', `neither the image nor the host knows the time zone ${JSON.stringify(tz)}`, {
      subject: tz,
      hint: `use local, or a name such as Europe/Berlin: see ${ZONEINFO} (Debian: apt-get install tzdata)`,
    });
  return { ...(name === undefined ? {} : { name }), inImage, ...(hostFile === undefined ? {} : { hostFile }) };
}

/** @throws ERR_TSRUN_USAGE */
export function checkZone(tz: string): string {
  if (/^[\w+-]+(\/[\w+-]+)*$/.test(tz)) return tz;
  throw new TsrunError('ERR_TSRUN_USAGE', `${JSON.stringify(tz)} is not a time zone`, {
    subject: tz,
    hint: 'use local, or a name such as Europe/Berlin',
  });
}

/** tzfile(5) */
function zoneFile(path: string): string | undefined {
  let fd: number | undefined;
  try {
    const real = realpathSync(path);
    fd = openSync(real, 'r');
    const magic = Buffer.alloc(4);
    return readSync(fd, magic, 0, 4, 0) === 4 && magic.toString() === 'TZif' ? real : undefined;
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
