/**
 * A seccomp profile as docker and podman write it (moby/profiles/seccomp, containers/common/pkg/seccomp) → what it says, checked. Whatever
 * is not understood is refused, with its place: a rule that is read over would leave a container weaker than its profile. Pure.
 */
import { constants } from 'node:os';
import { TsrunError } from '../../errors.js';
import type { SeccompAction, SeccompArch, SeccompArg, SeccompOperator, SeccompRule } from '../../spec/runtime.js';
import { isPermissive, isSystemCall } from './names.js';

export interface Profile {
  defaultAction: SeccompAction;
  defaultErrnoRet?: number;
  /** Processor → itself and the others whose calls it takes. */
  archMap?: { architecture: SeccompArch; subArchitectures: SeccompArch[] }[];
  architectures?: SeccompArch[];
  rules: ProfileRule[];
}

export interface ProfileRule extends SeccompRule {
  /** All must hold. */
  includes: Conditions;
  /** None may. */
  excludes: Conditions;
}

export interface Conditions {
  caps: string[];
  /** Go's names: `amd64`. */
  arches: string[];
  /** Major, minor. */
  minKernel?: [number, number];
}

/** docker's own has 18 KB. */
export const PROFILE_LIMIT = 1024 * 1024;

const ACTIONS: readonly SeccompAction[] = [
  'SCMP_ACT_KILL',
  'SCMP_ACT_KILL_PROCESS',
  'SCMP_ACT_KILL_THREAD',
  'SCMP_ACT_TRAP',
  'SCMP_ACT_ERRNO',
  'SCMP_ACT_TRACE',
  'SCMP_ACT_ALLOW',
  'SCMP_ACT_LOG',
];
const OPERATORS: readonly SeccompOperator[] = [
  'SCMP_CMP_NE',
  'SCMP_CMP_LT',
  'SCMP_CMP_LE',
  'SCMP_CMP_EQ',
  'SCMP_CMP_GE',
  'SCMP_CMP_GT',
  'SCMP_CMP_MASKED_EQ',
];
/** What they set is the kernel's business with who installs the filter; it takes nothing away from what the filter refuses. */
const FLAGS = ['TSYNC', 'LOG', 'SPEC_ALLOW', 'WAIT_KILLABLE_RECV'].map((flag) => `SECCOMP_FILTER_FLAG_${flag}`);

/** @param path of the file, for messages. @throws ERR_TSRUN_USAGE naming the place, ERR_TSRUN_UNSUPPORTED for a listener */
export function readProfile(text: string, path: string): Profile {
  const reader = new Reader(path);
  const top = reader.object(reader.json(text), '', [
    ...['defaultAction', 'defaultErrnoRet', 'defaultErrno', 'archMap', 'architectures', 'flags', 'syscalls', 'listenerPath'],
    'listenerMetadata',
  ]);
  if ((top['listenerPath'] ?? '') !== '') throw reader.unsupported('listenerPath', 'a listener is not supported');
  reader.list(top['flags'], 'flags', (flag, place) => reader.word(flag, place, FLAGS));
  const archMap = reader.optionalList(top['archMap'], 'archMap', (each, place) => archOf(reader, each, place));
  const architectures = reader.optionalList(top['architectures'], 'architectures', (name, place) => archName(reader, name, place));
  if (archMap && architectures) throw reader.wrong('architectures', 'there is an archMap as well: use either');
  const defaultAction = action(reader, top['defaultAction'], 'defaultAction');
  const errno = errnoOf(reader, top['defaultErrno'], 'defaultErrno') ?? errnoNumber(reader, top['defaultErrnoRet'], 'defaultErrnoRet');
  return {
    defaultAction,
    ...(errno === undefined ? {} : { defaultErrnoRet: errno }),
    ...(archMap ? { archMap } : {}),
    ...(architectures ? { architectures } : {}),
    rules: reader.list(top['syscalls'], 'syscalls', (rule, place) => ruleOf(reader, rule, place, defaultAction)),
  };
}

function ruleOf(reader: Reader, value: unknown, place: string, defaultAction: SeccompAction): ProfileRule {
  const rule = reader.object(value, place, [
    ...['names', 'name', 'action', 'errnoRet', 'errno', 'args', 'comment', 'includes', 'excludes', 'priority'],
  ]);
  if (rule['name'] !== undefined && rule['names'] !== undefined)
    throw reader.wrong(place, 'there are both a "name" and "names": use either');
  const does = action(reader, rule['action'], `${place}.action`);
  const names =
    rule['name'] === undefined
      ? reader.list(rule['names'], `${place}.names`, (name, at) => reader.text(name, at))
      : [reader.text(rule['name'], `${place}.name`)];
  if (names.length === 0) throw reader.wrong(place, 'it names no system call');
  const unknown = names.findIndex((name) => !isSystemCall(name));
  // Where the rest is allowed, a call that is not recognised would be allowed in place of what the rule says.
  if (unknown >= 0 && isPermissive(defaultAction) && !isPermissive(does))
    throw reader.wrong(`${place}.names[${unknown}]`, `${JSON.stringify(names[unknown])} is no system call that tsrun knows`);
  const errno = errnoOf(reader, rule['errno'], `${place}.errno`) ?? errnoNumber(reader, rule['errnoRet'], `${place}.errnoRet`);
  const args = reader.list(rule['args'], `${place}.args`, (arg, at) => argOf(reader, arg, at));
  return {
    names,
    action: does,
    ...(errno === undefined ? {} : { errnoRet: errno }),
    ...(args.length > 0 ? { args } : {}),
    includes: conditions(reader, rule['includes'], `${place}.includes`),
    excludes: conditions(reader, rule['excludes'], `${place}.excludes`),
  };
}

function argOf(reader: Reader, value: unknown, place: string): SeccompArg {
  const arg = reader.object(value, place, ['index', 'value', 'valueTwo', 'op']);
  const index = reader.number(arg['index'], `${place}.index`, 5);
  const first = reader.number(arg['value'] ?? 0, `${place}.value`);
  const second = arg['valueTwo'] === undefined ? undefined : reader.number(arg['valueTwo'], `${place}.valueTwo`);
  const op = reader.word(arg['op'], `${place}.op`, OPERATORS);
  return { index, value: first, ...(second === undefined ? {} : { valueTwo: second }), op };
}

function conditions(reader: Reader, value: unknown, place: string): Conditions {
  if (value === undefined) return { caps: [], arches: [] };
  const given = reader.object(value, place, ['caps', 'arches', 'minKernel']);
  const minKernel = given['minKernel'];
  // Not a number: 5.10 would be 5.1.
  const [, major, minor] = (typeof minKernel === 'string' && /^(\d{1,4})\.(\d{1,4})$/.exec(minKernel)) || [];
  if (minKernel !== undefined && major === undefined) throw reader.wrong(`${place}.minKernel`, 'it is not as in "4.8"');
  return {
    caps: reader.list(given['caps'], `${place}.caps`, (name, at) => reader.text(name, at)),
    arches: reader.list(given['arches'], `${place}.arches`, (name, at) => reader.text(name, at)),
    ...(major === undefined ? {} : { minKernel: [Number(major), Number(minor)] satisfies [number, number] }),
  };
}

function archOf(reader: Reader, value: unknown, place: string): { architecture: SeccompArch; subArchitectures: SeccompArch[] } {
  const arch = reader.object(value, place, ['architecture', 'subArchitectures']);
  return {
    architecture: archName(reader, arch['architecture'], `${place}.architecture`),
    subArchitectures: reader.list(arch['subArchitectures'], `${place}.subArchitectures`, (name, at) => archName(reader, name, at)),
  };
}

/** Processors that tsrun does not run on are let pass: their rules never apply. */
function archName(reader: Reader, value: unknown, place: string): SeccompArch {
  const name = reader.text(value, place);
  if (/^SCMP_ARCH_[A-Z0-9_]+$/.test(name)) return name as SeccompArch;
  throw reader.wrong(place, `${JSON.stringify(name)} is no processor: write it as in SCMP_ARCH_X86_64`);
}

function action(reader: Reader, value: unknown, place: string): SeccompAction {
  if (value === 'SCMP_ACT_NOTIFY') throw reader.unsupported(place, 'SCMP_ACT_NOTIFY needs a listener, which is not supported');
  return reader.word(value, place, ACTIONS);
}

/** podman's names; they count before the number. */
function errnoOf(reader: Reader, value: unknown, place: string): number | undefined {
  if (value === undefined || value === '') return undefined;
  const name = reader.text(value, place);
  const number = Object.hasOwn(constants.errno, name) ? constants.errno[name as keyof typeof constants.errno] : undefined;
  if (number !== undefined) return number;
  throw reader.wrong(place, `${JSON.stringify(name)} is no error: write it as in EPERM`);
}

function errnoNumber(reader: Reader, value: unknown, place: string): number | undefined {
  return value === undefined ? undefined : reader.number(value, place, 4095);
}

/** Values with their places. A null is what Go writes for nothing. */
class Reader {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  json(text: string): unknown {
    if (text.length > PROFILE_LIMIT) throw this.wrong('', `it is larger than ${PROFILE_LIMIT} bytes`);
    try {
      return JSON.parse(text.replace(/^\uFEFF/, ''), (_, value: unknown) => (value === null ? undefined : value));
    } catch (cause) {
      throw this.wrong('', `it is not JSON: ${(cause as Error).message}`);
    }
  }

  /** Its members alone: an object of JSON has no prototype that could answer for one. */
  object(value: unknown, place: string, keys: readonly string[]): Readonly<Record<string, unknown>> {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw this.wrong(place, 'it is not an object');
    const unknown = Object.keys(value).find((key) => !keys.includes(key) && !/^[$_](?!_proto__)|^(comment|description)$/.test(key));
    if (unknown !== undefined) throw this.wrong(place === '' ? unknown : `${place}.${unknown}`, 'there is no such setting in a profile');
    return Object.assign(Object.create(null), value);
  }

  optionalList<T>(value: unknown, place: string, read: (value: unknown, place: string) => T): T[] | undefined {
    const values = this.list(value, place, read);
    return values.length > 0 ? values : undefined;
  }

  list<T>(value: unknown, place: string, read: (value: unknown, place: string) => T): T[] {
    if (value === undefined) return [];
    if (!Array.isArray(value)) throw this.wrong(place, 'it is not a list');
    return Array.from(value as unknown[], (each, index) => read(each, `${place}[${index}]`)); // a hole where null was
  }

  text(value: unknown, place: string): string {
    if (typeof value === 'string' && /^[\w.-]{1,100}$/.test(value)) return value;
    throw this.wrong(place, 'it is not a name');
  }

  word<T extends string>(value: unknown, place: string, words: readonly T[]): T {
    if (words.includes(value as T)) return value as T;
    throw this.wrong(place, `${JSON.stringify(value) ?? 'nothing'} is none of ${words.join(', ')}`);
  }

  number(value: unknown, place: string, most = Number.MAX_SAFE_INTEGER): number {
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= most) return value;
    throw this.wrong(
      place,
      most === Number.MAX_SAFE_INTEGER ? 'it is not a number from 0 to 2^53 - 1' : `it is not a number from 0 to ${most}`,
    );
  }

  wrong(place: string, what: string): TsrunError {
    return this.#failure('ERR_TSRUN_USAGE', place, what, 'correct the profile, or use --security-opt seccomp=default');
  }

  unsupported(place: string, what: string): TsrunError {
    return this.#failure('ERR_TSRUN_UNSUPPORTED', place, what, 'use a profile without it');
  }

  #failure(code: 'ERR_TSRUN_USAGE' | 'ERR_TSRUN_UNSUPPORTED', place: string, what: string, hint: string): TsrunError {
    const where = place === '' ? this.#path : `${this.#path}: ${place}`;
    return new TsrunError(code, `the seccomp profile ${where}: ${what}`, { subject: this.#path, hint });
  }
}
