/** `-v [SOURCE:]DESTINATION[:OPTIONS]` (docker's syntax). Pure: whether the source exists is found when it is opened. */
import { checkText } from './check.js';
import {
  type AskedMount,
  bad,
  bindOptions,
  CONSISTENCY_NOTE,
  checkChown,
  checkPropagation,
  checkVolumeName,
  containerPath,
  hostPath,
  isDevice,
  isPropagation,
  type MountFacts,
  type Relabel,
  relabelling,
  relabelNotes,
  unsupported,
} from './mount-words.js';

/** Honoured for both kinds. */
const COMMON = ['ro', 'rw', 'exec', 'noexec', 'suid', 'nosuid', 'dev', 'nodev', 'z', 'Z', 'U', 'consistent', 'cached', 'delegated'];
const OF_BINDS = ['bind', 'rbind'];
const OF_VOLUMES = ['copy', 'nocopy'];
/** Known to podman: an error rather than a container that is not what was asked for. */
const UNSUPPORTED = ['O', 'idmap', 'upperdir', 'workdir'];
const CONTRADICTIONS = [
  ['ro', 'rw'],
  ['bind', 'rbind'],
  ['copy', 'nocopy'],
  ['exec', 'noexec'],
  ['suid', 'nosuid'],
  ['dev', 'nodev'],
  ['z', 'Z'],
] as const;

/** @throws ERR_TSRUN_USAGE for bad syntax, ERR_TSRUN_UNSUPPORTED for options that cannot be honoured */
export function parseVolume(text: string, facts: MountFacts): AskedMount {
  const given = `--volume ${checkText(text, 'a value of --volume', 'ERR_TSRUN_USAGE')}`;
  const fields = text.split(':');
  if (fields.length > 3) throw bad(given, 'has more than two colons', 'use --mount for paths with a colon: here it cannot be escaped');
  if (fields.length === 1) return anonymous(text, given, facts);
  const [source = '', destination = '', options = ''] = fields;
  if (source === '' || destination === '') throw bad(given, 'has an empty path', 'write /host:/container[:options]');
  const path = hostPath(source);
  const place = { given, source: path ?? checkVolumeName(source, given), destination: containerPath(destination, given) };
  return path === undefined ? { ...place, ...volumeWords(options, given, facts) } : { ...place, ...bindWords(options, path, given, facts) };
}

function anonymous(text: string, given: string, facts: MountFacts): AskedMount {
  if (!text.startsWith('/')) throw bad(given, 'has no destination', 'write /host:/container[:options], or NAME:/container[:options]');
  return { given, destination: containerPath(text, given), ...volumeWords('', given, facts) };
}

type Words = Omit<AskedMount, 'given' | 'source' | 'destination'>;

function bindWords(text: string, source: string, given: string, facts: MountFacts): Words {
  const asked = split(text, [...COMMON, ...OF_BINDS], given);
  const recursive = !asked.includes('bind');
  const dev = asked.includes('dev') || (isDevice(source) && !asked.includes('nodev'));
  const propagation = checkPropagation(asked.find(isPropagation) ?? 'rprivate', given);
  return {
    type: 'bind',
    options: bindOptions({ ...attributes(asked, recursive, facts), dev, recursive, propagation }),
    ...(asked.includes('U') ? { chown: checkChown(source, given) } : {}),
    ...relabelling(relabelOf(asked), source, given, facts),
    notes: notesOf(asked, facts),
  };
}

function volumeWords(text: string, given: string, facts: MountFacts): Words {
  const asked = split(text, [...COMMON, ...OF_VOLUMES], given);
  return {
    type: 'volume',
    options: bindOptions({ ...attributes(asked, true, facts), dev: asked.includes('dev'), recursive: true, propagation: 'rprivate' }),
    ...(asked.includes('nocopy') ? {} : { copy: true }),
    ...(asked.includes('U') ? { chown: true } : {}),
    ...relabelling(relabelOf(asked), undefined, given, facts),
    notes: notesOf(asked, facts),
  };
}

function attributes(asked: readonly string[], recursive: boolean, facts: MountFacts) {
  const has = (option: string) => asked.includes(option);
  const readOnly = has('ro') ? (facts.recursiveReadOnly && recursive ? ('rro' as const) : ('ro' as const)) : undefined;
  return { readOnly, suid: has('suid'), noexec: has('noexec') };
}

function split(text: string, known: readonly string[], given: string): string[] {
  const asked = text === '' ? [] : text.split(',');
  for (const option of asked) checkOption(option, known, given);
  for (const [one, other] of CONTRADICTIONS) {
    if (asked.includes(one) && asked.includes(other)) throw bad(given, `asks for both ${one} and ${other}`, 'choose one');
  }
  const [first, second] = [...new Set(asked.filter(isPropagation))];
  if (second !== undefined) throw bad(given, `asks for both ${first} and ${second}`, 'choose one');
  return asked;
}

function checkOption(option: string, known: readonly string[], given: string): void {
  if (known.includes(option) || (isPropagation(option) && known.includes('bind'))) return;
  if (UNSUPPORTED.includes(option.replace(/=.*/, ''))) throw unsupported(given, `the option ${option} is not supported`, 'leave it out');
  const other =
    isPropagation(option) || OF_BINDS.includes(option) ? 'directories of the host' : OF_VOLUMES.includes(option) ? 'volumes' : '';
  throw other === ''
    ? bad(given, `has the unknown option ${JSON.stringify(option)}`, 'write ro, rw or noexec')
    : bad(given, `has the option ${option}, which is for ${other}`, 'leave it out');
}

function relabelOf(asked: readonly string[]): Relabel | undefined {
  return asked.includes('Z') ? 'private' : asked.includes('z') ? 'shared' : undefined;
}

function notesOf(asked: readonly string[], facts: MountFacts): string[] {
  const has = (...options: string[]) => options.some((option) => asked.includes(option));
  return [...relabelNotes(relabelOf(asked) !== undefined, facts), ...(has('consistent', 'cached', 'delegated') ? [CONSISTENCY_NOTE] : [])];
}
