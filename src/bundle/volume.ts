/** `-v /host:/container[:options]` (docker's syntax). Pure: whether the source exists is found when it is opened. */
import { posix } from 'node:path';
import { TsrunError } from '../errors.js';
import { slot } from '../plan/slot.js';
import { checkText } from './check.js';

export interface Volume {
  /** Absolute on the host; a relative one starts with the slot `cwd`. */
  source: string;
  /** Absolute, without `..` or a slash at the end. */
  destination: string;
  /** For the runtime spec. */
  options: string[];
}

export interface VolumeFacts {
  /** mount_setattr (5.12) makes what is mounted below the source read-only as well; docker does so. */
  recursiveReadOnly: boolean;
}

/** `z` and `Z` relabel for SELinux's container domain: tsrun's containers run in their caller's, which may read what the caller may. */
const HONOURED = ['ro', 'rw', 'bind', 'rbind', 'private', 'rprivate', 'exec', 'noexec', 'suid', 'nosuid', 'dev', 'nodev', 'z', 'Z'];
/** Known to docker or podman: an error rather than a container that is not what was asked for. */
const UNSUPPORTED = [
  'shared',
  'rshared',
  'slave',
  'rslave',
  'unbindable',
  'runbindable',
  'U',
  'O',
  'copy',
  'nocopy',
  'volume-nocopy',
  'idmap',
  'upperdir',
  'workdir',
];
const CONTRADICTIONS = [
  ['ro', 'rw'],
  ['bind', 'rbind'],
  ['private', 'rprivate'],
  ['exec', 'noexec'],
  ['suid', 'nosuid'],
  ['dev', 'nodev'],
  ['z', 'Z'],
] as const;

/** @throws ERR_TSRUN_USAGE for bad syntax, ERR_TSRUN_UNSUPPORTED for named volumes and options that cannot be honoured */
export function parseVolume(text: string, facts: VolumeFacts): Volume {
  checkText(text, 'a value of --volume', 'ERR_TSRUN_USAGE');
  const fields = text.split(':');
  const [source = '', destination = '', options = ''] = fields;
  if (fields.length > 3) throw bad(text, 'has more than two colons', 'use paths without a colon: it cannot be escaped');
  if (fields.length === 1) throw anonymous(text);
  if (source === '' || destination === '') throw bad(text, 'has an empty path', 'write /host:/container[:options]');
  return {
    source: hostPath(source, text),
    destination: containerPath(destination, text),
    options: mountOptions(options, text, source, facts),
  };
}

/** Relative ones start where the caller is when it runs, so they hold a slot and one plan serves every directory. */
function hostPath(source: string, text: string): string {
  if (source.startsWith('/')) return withoutSlash(posix.normalize(source));
  if (/^\.\.?(\/|$)/.test(source)) {
    const relative = withoutSlash(posix.normalize(source));
    return relative === '.' ? slot('cwd') : `${slot('cwd')}/${relative}`;
  }
  throw new TsrunError('ERR_TSRUN_UNSUPPORTED', `--volume ${text}: named volumes are not supported yet`, {
    subject: source,
    hint: `use an absolute path, or ./${source} for the directory of this name`,
  });
}

function containerPath(destination: string, text: string): string {
  if (!destination.startsWith('/'))
    throw bad(text, 'has a destination that is not absolute', 'give a path in the container that starts with /');
  const path = withoutSlash(posix.normalize(destination.replace(/^\/+/, '/')));
  if (path === '/') throw bad(text, 'would cover the whole container', 'mount it at a directory, or run it with --rootfs');
  // Masks and checks of these depend on what tsrun itself mounts there.
  if (/^\/(proc(\/.*)?|sys|dev)$/.test(path)) {
    throw new TsrunError('ERR_TSRUN_UNSUPPORTED', `--volume ${text}: ${path} is the container's own`, {
      subject: path,
      hint: `mount it at another place, such as /host${path}`,
    });
  }
  return path;
}

function withoutSlash(path: string): string {
  return path.length > 1 ? path.replace(/\/$/, '') : path;
}

function mountOptions(text: string, volume: string, source: string, facts: VolumeFacts): string[] {
  const asked = text === '' ? [] : text.split(',');
  for (const option of asked) checkOption(option, volume);
  const has = (option: string) => asked.includes(option);
  for (const [one, other] of CONTRADICTIONS) {
    if (has(one) && has(other)) throw bad(volume, `asks for both ${one} and ${other}`, 'choose one');
  }
  const isDevice = source === '/dev' || source.startsWith('/dev/'); // who mounts a device wants to open it
  return [
    has('bind') ? 'bind' : 'rbind',
    has('private') ? 'private' : 'rprivate',
    ...(has('suid') ? [] : ['nosuid']),
    ...(has('dev') || (isDevice && !has('nodev')) ? [] : ['nodev']),
    ...(has('noexec') ? ['noexec'] : []),
    ...(has('ro') ? [facts.recursiveReadOnly && !has('bind') ? 'rro' : 'ro'] : []),
  ];
}

function checkOption(option: string, volume: string): void {
  if (HONOURED.includes(option)) return;
  if (!UNSUPPORTED.includes(option.replace(/=.*/, '')))
    throw bad(volume, `has the unknown option ${JSON.stringify(option)}`, 'write ro, rw or noexec');
  throw new TsrunError('ERR_TSRUN_UNSUPPORTED', `--volume ${volume}: the option ${option} is not supported`, {
    subject: option,
    hint: 'leave it out',
  });
}

function anonymous(text: string): TsrunError {
  if (!text.startsWith('/')) return bad(text, 'has no destination', 'write /host:/container[:options]');
  return new TsrunError('ERR_TSRUN_UNSUPPORTED', `--volume ${text}: anonymous volumes are not supported yet`, {
    subject: text,
    hint: 'write /host:/container[:options]; what a container writes elsewhere is its own anyway',
  });
}

function bad(text: string, what: string, hint: string): TsrunError {
  return new TsrunError('ERR_TSRUN_USAGE', `--volume ${text} ${what}`, { subject: text, hint });
}
