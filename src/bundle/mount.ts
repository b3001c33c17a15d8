/** `--mount type=…,src=…,dst=…`: docker's keys, docker's words for what is wrong. Pure. */
import { checkText } from './check.js';
import { parseCsv } from './csv.js';
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
  type MountFacts,
  type Propagation,
  type Relabel,
  relabelling,
  relabelNotes,
  unsupported,
} from './mount-words.js';
import { parseSize } from './size.js';
import { tmpfsOptions } from './tmpfs.js';

const NAMES: Readonly<Record<string, string>> = {
  source: 'src',
  destination: 'dst',
  target: 'dst',
  readonly: 'ro',
  U: 'chown',
  u: 'chown',
};
/** Keys that stand without a value for true. */
const SWITCHES = ['ro', 'volume-nocopy', 'bind-nonrecursive', 'chown'];
const VALUED = [
  'type',
  'src',
  'dst',
  'consistency',
  'relabel',
  'bind-propagation',
  'bind-recursive',
  'volume-subpath',
  'volume-label',
  'volume-driver',
  'volume-opt',
  'tmpfs-size',
  'tmpfs-mode',
];
const TYPES = ['bind', 'volume', 'tmpfs'];
/** docker's and podman's others. */
const OTHER_TYPES = ['image', 'cluster', 'npipe', 'devpts', 'glob', 'ramfs', 'artifact'];

type Fields = { one: Map<string, string>; labels: Record<string, string> };

/** @throws ERR_TSRUN_USAGE for bad syntax, ERR_TSRUN_UNSUPPORTED for what cannot be honoured */
export function parseMount(text: string, facts: MountFacts): AskedMount {
  const given = `--mount ${checkText(text, 'a value of --mount', 'ERR_TSRUN_USAGE')}`;
  const record = parseCsv(text);
  if ('wrong' in record) throw bad(given, record.wrong, 'write type=bind,src=/host,dst=/container');
  const fields = readFields(record.fields, given);
  const type = fields.one.get('type') ?? 'volume';
  if (OTHER_TYPES.includes(type)) throw unsupported(given, `mounts of type ${type} are not supported`, `use ${TYPES.join(', ')}`);
  if (!TYPES.includes(type)) throw bad(given, `has the unknown type ${JSON.stringify(type)}`, `use ${TYPES.join(', ')}`);
  for (const key of fields.one.keys()) checkKind(key, type, given);
  const destination = fields.one.get('dst') ?? '';
  if (destination === '') throw bad(given, 'has no destination', 'add dst=/path/in/the/container');
  const place = { given, destination: containerPath(destination, given), notes: notesOf(fields, facts) };
  if (type === 'tmpfs') return { ...place, type, options: tmpfs(fields, given) };
  return type === 'bind'
    ? { ...place, type, ...bind(fields, given, facts) }
    : { ...place, type: 'volume', ...volume(fields, given, facts) };
}

function readFields(texts: readonly string[], given: string): Fields {
  const fields: Fields = { one: new Map(), labels: Object.create(null) as Record<string, string> };
  for (const text of texts) {
    const equals = text.indexOf('=');
    const spelled = equals < 0 ? text : text.slice(0, equals);
    const key = NAMES[spelled] ?? NAMES[spelled.toLowerCase()] ?? spelled.toLowerCase();
    const value = equals < 0 ? undefined : text.slice(equals + 1);
    if (SWITCHES.includes(key)) fields.one.set(key, String(value === undefined || parseBool(value, spelled, given)));
    else if (value === undefined) throw bad(given, `has the field '${text}', which must be a key=value pair`, 'write key=value');
    else if (!VALUED.includes(key)) throw bad(given, `has the unexpected key '${spelled}' in '${text}'`, 'write src, dst, ro and the like');
    else {
      if (key === 'volume-label') fields.labels[value.replace(/=.*/s, '')] = value.includes('=') ? value.slice(value.indexOf('=') + 1) : '';
      fields.one.set(key, value);
    }
  }
  return fields;
}

/** Go's strconv.ParseBool. */
function parseBool(text: string, key: string, given: string): boolean {
  if (/^(1|t|T|TRUE|true|True)$/.test(text)) return true;
  if (/^(0|f|F|FALSE|false|False)$/.test(text)) return false;
  throw bad(given, `has an invalid value for ${key}: ${text}`, 'write true or false');
}

function checkKind(key: string, type: string, given: string): void {
  const kind = /^(bind|volume|tmpfs)-/.exec(key)?.[1];
  if (kind !== undefined && kind !== type)
    throw bad(given, `mixes ${key} with a mount of type ${type}`, `leave it out, or write type=${kind}`);
  if (key === 'chown' && type === 'tmpfs') throw bad(given, 'mixes chown with a mount of type tmpfs', 'use tmpfs-mode');
}

function relabelOf({ one }: Fields, given: string): Relabel | undefined {
  const asked = one.get('relabel');
  if (asked === undefined || asked === 'shared' || asked === 'private') return asked;
  throw bad(given, `has an invalid value for relabel: ${asked}`, 'write shared or private');
}

function notesOf({ one }: Fields, facts: MountFacts): string[] {
  return [...relabelNotes(one.has('relabel'), facts), ...(one.has('consistency') ? [CONSISTENCY_NOTE] : [])];
}

function bind(fields: Fields, given: string, facts: MountFacts): Pick<AskedMount, 'source' | 'options' | 'chown' | 'relabel'> {
  const { one } = fields;
  const text = one.get('src') ?? '';
  if (text === '') throw bad(given, 'has no source', 'add src=/path/on/the/host');
  const source = hostPath(text);
  if (source === undefined)
    throw bad(given, `has the source ${JSON.stringify(text)}, which is not absolute`, `write src=./${text} for what lies here`);
  const propagation = checkPropagation(one.get('bind-propagation') || 'rprivate', given);
  return {
    source,
    options: bindOptions({ ...recursion(one, propagation, given, facts), propagation, dev: isDevice(source) }),
    ...(one.get('chown') === 'true' ? { chown: checkChown(source, given) } : {}),
    ...relabelling(relabelOf(fields, given), source, given, facts),
  };
}

function recursion(one: Map<string, string>, propagation: Propagation, given: string, { recursiveReadOnly }: MountFacts) {
  const how = one.get('bind-recursive') ?? (one.get('bind-nonrecursive') === 'true' ? 'disabled' : 'enabled');
  const readOnly = one.get('ro') === 'true';
  if (!['enabled', 'disabled', 'writable', 'readonly'].includes(how))
    throw bad(given, `has an invalid value for bind-recursive: ${how}`, 'write enabled, disabled, writable or readonly');
  if ((how === 'writable' || how === 'readonly') && !readOnly)
    throw bad(given, `has bind-recursive=${how} without readonly`, 'add readonly');
  if (how === 'readonly' && propagation !== 'rprivate')
    throw bad(given, 'has bind-recursive=readonly, which needs bind-propagation=rprivate', 'leave bind-propagation out');
  if (how === 'readonly' && !recursiveReadOnly)
    throw unsupported(given, 'this kernel makes no mounts recursively read-only', 'it needs Linux 5.12; or write bind-recursive=writable');
  const all = how !== 'disabled' && how !== 'writable' && recursiveReadOnly;
  return { recursive: how !== 'disabled', readOnly: readOnly ? (all ? ('rro' as const) : ('ro' as const)) : undefined };
}

function volume(fields: Fields, given: string, facts: MountFacts): Omit<AskedMount, 'type' | 'given' | 'destination' | 'notes'> {
  const { one, labels } = fields;
  const [name, subpath, driver] = [one.get('src') ?? '', one.get('volume-subpath') ?? '', one.get('volume-driver') ?? ''];
  if (one.has('volume-opt') || !['', 'local'].includes(driver))
    throw unsupported(given, 'there are no volume drivers', 'leave volume-driver and volume-opt out, or mount a directory with type=bind');
  if (subpath !== '' && name === '') throw bad(given, 'has a volume-subpath of an anonymous volume', 'name the volume with src=');
  if (subpath.startsWith('/') || subpath.split('/').includes('..'))
    throw bad(given, 'has a volume-subpath that does not lie in the volume', 'write it relative to the volume, without ..');
  const readOnly = one.get('ro') === 'true' ? (facts.recursiveReadOnly ? ('rro' as const) : ('ro' as const)) : undefined;
  return {
    ...(name === '' ? {} : { source: checkVolumeName(name, given) }),
    options: bindOptions({ recursive: true, propagation: 'rprivate', readOnly }),
    // Where a part of it is mounted it is not empty.
    ...(one.get('volume-nocopy') === 'true' || subpath !== '' ? {} : { copy: true }),
    ...(one.get('chown') === 'true' ? { chown: true } : {}),
    ...relabelling(relabelOf(fields, given), undefined, given, facts),
    ...(subpath === '' ? {} : { subpath }),
    ...(Object.keys(labels).length > 0 ? { labels: { ...labels } } : {}),
  };
}

function tmpfs({ one }: Fields, given: string): string[] {
  if (one.get('src')) throw bad(given, 'has a source, and a tmpfs has none', 'leave src out');
  const [size, mode] = [one.get('tmpfs-size'), one.get('tmpfs-mode')];
  if (mode !== undefined && !/^[0-7]{1,5}$/.test(mode))
    throw bad(given, `has an invalid value for tmpfs-mode: ${mode}`, 'write it in octal: 700');
  return tmpfsOptions([
    ...(size === undefined ? [] : [`size=${bytes(size, given)}`]),
    ...(mode === undefined ? [] : [`mode=${mode}`]),
    ...(one.get('ro') === 'true' ? ['ro'] : []),
  ]);
}

function bytes(text: string, given: string): number {
  const size = parseSize(text);
  if (size !== undefined) return size;
  throw bad(given, `has an invalid value for tmpfs-size: ${text}`, 'write bytes, or a number with k, m or g');
}
