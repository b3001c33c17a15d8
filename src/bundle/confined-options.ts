/** `--isolation landlock`: what of a run's options can be had without namespaces. All else is refused by name. Pure. */
import { posix } from 'node:path';
import type { RunOptions } from '../api/options.js';
import { TsrunError } from '../errors.js';
import { mountAt, mountsOf } from '../sys/mount-table.js';
import { checkText } from './check.js';
import { isWithin, type Placing } from './place.js';

export const MODE = '--isolation landlock';

/** Those that mean the same with and without namespaces, or less: capabilities that are dropped are not there. */
const HONOURED = new Set(
  (
    'signal onNote onDebug onProgress root runRoot platform os arch variant authfile creds tlsVerify certDir offline pull isolation rm name replace cidfile pidfile label ' +
    'labelFile annotation interactive tty init env envFile envHost httpProxy unsetenv unsetenvAll workdir umask entrypoint capDrop timeout restart ' +
    'stopSignal stopTimeout logDriver logOpt noHealthcheck readOnly fakeRoot ' +
    'user network volume securityOpt ulimit'
  ) // of these not all
    .split(' '),
);

export interface Ids {
  uid: number;
  gid: number;
}

/** @param own the caller's. @throws ERR_TSRUN_UNSUPPORTED naming the flag, ERR_TSRUN_USAGE */
export function checkConfined(options: RunOptions, own: Ids): void {
  for (const [name, value] of Object.entries(options)) {
    const isAsked = value !== undefined && value !== false && !(Array.isArray(value) && value.length === 0);
    if (isAsked && !HONOURED.has(name)) throw refused(flagOf(name));
  }
  const { network = 'host', user = '', securityOpt = [], ulimit = [] } = options;
  if (network !== 'host' && network !== 'none') throw refused(`--network ${network}`, 'use --network host or --network none');
  checkConfinedUser(user, own);
  const option = securityOpt.find((text) => !/^no-new-privileges([=:]true)?$|^seccomp=default$/.test(text));
  if (option !== undefined) throw refused(`--security-opt ${option}`);
  if (ulimit.some((text) => text.startsWith('locks='))) throw refused('--ulimit locks=');
  confinedVolumes(options);
}

/** Of `exec` as well. @throws ERR_TSRUN_UNSUPPORTED */
export function checkConfinedUser(user: string, own: Ids): void {
  if (user !== '' && ![`${own.uid}`, `${own.uid}:${own.gid}`].includes(user))
    throw refused(`--user ${user}`, `its processes are yours: leave it out, or say ${own.uid}:${own.gid}`);
}

function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function refused(flag: string, hint = 'leave out one of the two'): TsrunError {
  return new TsrunError('ERR_TSRUN_UNSUPPORTED', `${flag} cannot be had under ${MODE}: there are no namespaces`, { subject: flag, hint });
}

export interface ConfinedVolume {
  path: string;
  readOnly: boolean;
}

/** `-v /path:/path[:ro]`: nothing can be shown elsewhere than it is. @throws ERR_TSRUN_UNSUPPORTED, ERR_TSRUN_USAGE */
export function confinedVolumes({ volume = [] }: RunOptions): ConfinedVolume[] {
  return volume.map((text) => {
    const [source = '', destination = '', words = 'rw', ...more] = checkText(text, 'a value of --volume', 'ERR_TSRUN_USAGE').split(':');
    const path = (given: string) => posix.normalize(given).replace(/(.)\/$/, '$1');
    if (!source.startsWith('/') || path(source) !== path(destination) || more.length > 0)
      throw refused(
        `--volume ${text}`,
        `a path of the host is the same path inside: write -v ${source.startsWith('/') ? source : '/path'}:${source.startsWith('/') ? source : '/path'}`,
      );
    if (words !== 'ro' && words !== 'rw') throw refused(`--volume ${text}`, 'of its options there are ro and rw');
    return { path: path(source), readOnly: words === 'ro' };
  });
}

/**
 * Rights add up: what may be written above can be written below. Landlock is told real paths; what is named through a link is kept as well.
 * @param real realpath(3)
 * @throws ERR_TSRUN_UNSUPPORTED
 */
export function realVolumes(volumes: readonly ConfinedVolume[], real: (path: string) => string): Omit<Placing, 'root'> {
  const found = volumes.map(({ path, readOnly }) => ({ path: real(path), readOnly }));
  const write = found.filter(({ readOnly }) => !readOnly).map(({ path }) => path);
  const read = found.filter(({ readOnly }) => readOnly).map(({ path }) => path);
  const asked = volumes.map(({ path }) => path).filter((path) => !found.some((volume) => volume.path === path));
  const open = read.find((path) => write.some((above) => isWithin(above, path)));
  if (open === undefined) return { read, write, ...(asked.length > 0 ? { asked } : {}) };
  throw new TsrunError('ERR_TSRUN_UNSUPPORTED', `--volume ${open}: under ${MODE} it cannot be read-only below one that is not`, {
    subject: open,
    hint: 'mount only what is to be written with rw',
  });
}

/** ld.so.conf(5), as far as it names directories; what it includes names the usual ones. The image may have written anything there. */
export function librariesIn(text: string): string[] {
  const lines = text.split('\n').filter((line) => !line.includes('\0'));
  return lines.flatMap((line) => (/^\/[^#:\s]*/.exec(line.trim()) ?? []).slice(0, 1));
}

/**
 * Host id 0 owns what runs the host, and no container of root's has it. In a user namespace that was made for him root is somebody else.
 * @param map /proc/self/uid_map
 * @throws ERR_TSRUN_UNSUPPORTED
 */
export function refuseHostRoot(uid: number, map: string): void {
  const [, inside, outside] = /^\s*(\d+)\s+(\d+)/.exec(map) ?? [];
  if (uid !== 0 || inside !== '0' || outside !== '0') return;
  throw new TsrunError('ERR_TSRUN_UNSUPPORTED', '--isolation landlock as root would run the container as the host’s root', {
    subject: '--isolation',
    hint: 'run tsrun as an ordinary user: setpriv --reuid=65534 --regid=65534 --clear-groups tsrun … with a --root of its own',
  });
}

/**
 * Its processes are known by what /proc tells of each: one that may not be looked into would outlive it where /proc does not show such.
 * @param mountinfo of this process
 * @throws ERR_TSRUN_UNSUPPORTED
 */
export function refuseHiddenProcesses(mountinfo: string): void {
  const hides = mountAt(mountsOf(mountinfo), '/proc')?.options.find((option) => /^hidepid=(?!0$|off$)/.test(option));
  if (hides === undefined) return;
  throw new TsrunError(
    'ERR_TSRUN_UNSUPPORTED',
    `${MODE} cannot be had where /proc hides processes (${hides}): one could outlive its container`,
    {
      subject: '/proc',
      hint: 'as root: mount -o remount,hidepid=0 /proc',
    },
  );
}
