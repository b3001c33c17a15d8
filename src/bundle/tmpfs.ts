/** `--tmpfs DESTINATION[:OPTIONS]`, with docker's defaults and options. Pure. */
import type { Mount } from '../spec/runtime.js';
import { checkText } from './check.js';
import { type AskedMount, bad, containerPath, unsupported } from './mount-words.js';

/** Each with what takes it away again. The kernel's own words; `relatime` and the like are attributes of the mount. */
const DEFAULTS: Readonly<Record<string, string>> = { nosuid: 'suid', nodev: 'dev', noexec: 'exec' };
const PLAIN = ['ro', 'rw', 'suid', 'nosuid', 'dev', 'nodev', 'exec', 'noexec', 'noatime', 'nodiratime', 'relatime', 'strictatime'];
/** tmpfs(5); what a value must look like. */
const VALUED: Readonly<Record<string, RegExp>> = {
  size: /^\d+[kmgtKMGT]?$|^\d+%$/,
  nr_blocks: /^\d+[kmgKMG]?$/,
  nr_inodes: /^\d+[kmgKMG]?$/,
  mode: /^[0-7]{1,4}$/,
  uid: /^\d{1,10}$/,
  gid: /^\d{1,10}$/,
  mpol: /^[a-z=:,0-9-]+$/,
};
/** podman's, for a tmpfs that begins as a copy of what the image has there. */
const COPY = ['tmpcopyup', 'notmpcopyup'];

/** @throws ERR_TSRUN_USAGE, ERR_TSRUN_UNSUPPORTED */
export function parseTmpfs(text: string): AskedMount {
  const given = `--tmpfs ${checkText(text, 'a value of --tmpfs', 'ERR_TSRUN_USAGE')}`;
  const colon = text.indexOf(':');
  const [destination, options] = colon < 0 ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1)];
  const asked = options === '' ? [] : options.split(',');
  for (const option of asked) checkOption(option, given);
  return { type: 'tmpfs', given, destination: containerPath(destination, given), options: tmpfsOptions(asked), notes: [] };
}

/** podman's, for what is read-only else. Programs may be run there, as in the image's. */
export function writablePlaces(): Mount[] {
  const place = (destination: string, mode: string): Mount => ({
    destination,
    type: 'tmpfs',
    source: 'tmpfs',
    options: tmpfsOptions(['exec', mode]),
  });
  return [place('/run', 'mode=755'), place('/tmp', 'mode=1777'), place('/var/tmp', 'mode=1777')];
}

/** docker's defaults, what was asked for, and a mode that everybody may write with. The last of two wins. */
export function tmpfsOptions(asked: readonly string[]): string[] {
  const last = [...new Map(asked.map((option) => [option.replace(/=.*/, ''), option])).values()];
  const kept = Object.entries(DEFAULTS).filter(([no, yes]) => asked.lastIndexOf(yes) <= asked.lastIndexOf(no));
  const plain = last.filter((option) => !Object.entries(DEFAULTS).flat().includes(option) && !['ro', 'rw'].includes(option));
  return [
    ...kept.map(([no]) => no),
    ...(asked.lastIndexOf('ro') > asked.lastIndexOf('rw') ? ['ro'] : []),
    ...(plain.some((option) => option.startsWith('mode=')) ? [] : ['mode=1777']),
    ...plain,
  ];
}

function checkOption(option: string, given: string): void {
  const [name = '', ...rest] = option.split('=');
  const value = rest.join('=');
  if (PLAIN.includes(option)) return;
  if (COPY.includes(option)) {
    if (option === 'notmpcopyup') throw unsupported(given, `${option} is the default here`, 'leave it out');
    throw unsupported(given, `${option} is not supported`, 'use an anonymous volume, which begins as a copy of what the image has: -v DIR');
  }
  const form = VALUED[name];
  if (form === undefined)
    throw bad(given, `has the unknown option ${JSON.stringify(option)}`, 'write size=, mode=, uid=, gid=, ro or exec');
  if (!form.test(value)) throw bad(given, `has a bad value of ${name}: ${JSON.stringify(value)}`, 'write it as in size=64m,mode=700');
}
