/** docker's JSON as values of a template: which of its objects are structs, whose fields are known, and which are maps with keys of anybody's. */
import { TsrunError } from '../../errors.js';
import { DEEPEST } from '../template/limits.js';
import { Float, GoMap, NIL_SLICE, Struct, type Value } from '../template/value.js';

/** Member → what `index` gives for a key that a map of this name does not have. */
const MAPS: ReadonlyMap<string, Value> = new Map<string, Value>([
  ['Binding', ''],
  ['Annotations', ''],
  ['Data', ''],
  ['ExposedPorts', new Struct([], () => undefined)],
  ['Labels', ''],
  ['Networks', null],
  ['Options', ''],
  ['PortBindings', NIL_SLICE],
  ['Ports', NIL_SLICE],
  ['Sysctls', ''],
  ['Tmpfs', ''],
  ['Volumes', new Struct([], () => undefined)],
]);

/** What stands below a port. docker falls back to its JSON where such a map is asked by text, so these print as maps. */
const BELOW: Readonly<Record<string, string>> = { PortBindings: 'Bindings', Ports: 'Bindings', Bindings: 'Binding' };

const SLICES: ReadonlySet<string> = new Set(
  'Args Bindings Binds CapAdd CapDrop Cmd Devices Dns DnsOptions DnsSearch Entrypoint Env ExecIDs ExtraHosts GroupAdd Layers Log MaskedPaths Mounts OnBuild ReadonlyPaths RepoDigests RepoTags SecurityOpt Shell Test Ulimits VolumesFrom'.split(
    ' ',
  ),
);

/** What the image-spec lets a config leave out: Go has its zero value, and so have docker's templates. */
const OF_CONFIG: Readonly<Record<string, unknown>> = {
  Cmd: null,
  Entrypoint: null,
  Env: null,
  ExposedPorts: null,
  Healthcheck: null,
  Labels: null,
  OnBuild: null,
  Shell: null,
  StopSignal: '',
  User: '',
  Volumes: null,
  WorkingDir: '',
};
/** Of an image. */
const OF_IMAGE: Readonly<Record<string, unknown>> = { Author: '', Comment: '', Created: '', Parent: '', Variant: '' };

/** Go calls the field ID where the JSON says Id; docker's templates take both. */
const ALIASES = { ID: 'Id' };

/** @param name the member that holds it */
export function templateValue(json: unknown, name = '', depth = 0): Value {
  if (depth > DEEPEST) throw new TsrunError('ERR_TSRUN_TEMPLATE', `template parsing error: ${name} is nested more than ${DEEPEST} deep`);
  if (json === undefined || json === null) return MAPS.has(name) ? new GoMap([], MAPS.get(name)) : SLICES.has(name) ? NIL_SLICE : null;
  if (typeof json === 'number') return Number.isSafeInteger(json) ? json : new Float(json);
  const below = BELOW[name] ?? '';
  if (Array.isArray(json)) return json.map((each) => templateValue(each, below, depth + 1));
  if (typeof json !== 'object') return json as string | boolean;
  const members = new Map(Object.entries(json));
  // A log driver's options are a map, not the Config of a container.
  const inner = (key: string) => templateValue(members.get(key), name === 'LogConfig' && key === 'Config' ? 'Options' : key, depth + 1);
  if (MAPS.has(name)) {
    const entries = [...members].map(([key, value]): [string, Value] => [key, templateValue(value, below, depth + 1)]);
    return new GoMap(entries, MAPS.get(name));
  }
  const optional = name === 'Config' ? OF_CONFIG : members.has('RepoTags') ? OF_IMAGE : {};
  const absent = Object.fromEntries(Object.entries(optional).map(([key, zero]) => [key, templateValue(zero, key)]));
  return new Struct([...members.keys()], inner, { aliases: members.has('Id') ? ALIASES : {}, absent });
}
