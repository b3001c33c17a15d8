/** The rules of the runtime-spec's JSON schema (config-schema.json, config-linux.json, defs*.json) for the part that tsrun writes. Not a test itself. */
import assert from 'node:assert/strict';
import type { RuntimeSpec } from '../../src/spec/runtime.js';

type Check = (value: unknown, at: string) => void;

const text: Check = (value, at) => assert.equal(typeof value, 'string', at);
const flag: Check = (value, at) => assert.equal(typeof value, 'boolean', at);
const whole =
  (max: number): Check =>
  (value, at) =>
    assert.ok(Number.isInteger(value) && Number(value) >= 0 && Number(value) <= max, `${at}: ${value}`);
const uint32 = whole(0xffffffff);
const matching =
  (pattern: RegExp): Check =>
  (value, at) =>
    assert.match(String(value), pattern, at);
const oneOf =
  (...values: string[]): Check =>
  (value, at) =>
    assert.ok(values.includes(value as string), `${at}: ${value}`);
const list =
  (item: Check): Check =>
  (value, at) => {
    assert.ok(Array.isArray(value), at);
    value.forEach((entry, index) => {
      item(entry, `${at}[${index}]`);
    });
  };
const map =
  (item: Check): Check =>
  (value, at) => {
    for (const [key, entry] of Object.entries(value as object)) {
      assert.notEqual(key, '', at);
      item(entry, `${at}.${key}`);
    }
  };
/** Names with `!` are required; unknown names are an error here, though the schema lets them pass. */
const object =
  (fields: Record<string, Check>): Check =>
  (value, at) => {
    assert.ok(value !== null && typeof value === 'object' && !Array.isArray(value), at);
    const known = new Map(Object.entries(fields).map(([name, check]) => [name.replace('!', ''), check]));
    for (const name of Object.keys(fields)) if (name.endsWith('!')) assert.ok(name.slice(0, -1) in value, `${at}.${name} is missing`);
    for (const [name, entry] of Object.entries(value))
      (known.get(name) ?? assert.fail(`${at}.${name} is not in the spec`))(entry, `${at}.${name}`);
  };

const capability = matching(/^CAP_[A-Z_]+$/);
const idMap = object({ 'containerID!': uint32, 'hostID!': uint32, 'size!': whole(0xffffffff) });
const argument = object({
  'index!': uint32,
  'value!': whole(Number.MAX_SAFE_INTEGER),
  valueTwo: whole(Number.MAX_SAFE_INTEGER),
  'op!': matching(/^SCMP_CMP_/),
});

const config = object({
  'ociVersion!': matching(/^\d+\.\d+\.\d+$/),
  hostname: text,
  annotations: map(text),
  root: object({ 'path!': text, readonly: flag }),
  mounts: list(object({ 'destination!': matching(/^\//), type: text, source: text, options: list(text) })),
  process: object({
    'cwd!': matching(/^\//),
    'args!': list(text),
    env: list(matching(/^[^=]+=/)),
    terminal: flag,
    noNewPrivileges: flag,
    user: object({ 'uid!': uint32, 'gid!': uint32, additionalGids: list(uint32), umask: uint32 }),
    capabilities: object({
      bounding: list(capability),
      effective: list(capability),
      inheritable: list(capability),
      permitted: list(capability),
      ambient: list(capability),
    }),
  }),
  linux: object({
    namespaces: list(object({ 'type!': oneOf('mount', 'pid', 'network', 'uts', 'ipc', 'user', 'cgroup', 'time') })),
    uidMappings: list(idMap),
    gidMappings: list(idMap),
    maskedPaths: list(matching(/^\//)),
    readonlyPaths: list(matching(/^\//)),
    sysctl: map(text),
    rootfsPropagation: oneOf('private', 'shared', 'slave', 'unbindable'),
    seccomp: object({
      'defaultAction!': matching(/^SCMP_ACT_/),
      defaultErrnoRet: uint32,
      architectures: list(matching(/^SCMP_ARCH_/)),
      syscalls: list(object({ 'names!': list(text), 'action!': matching(/^SCMP_ACT_/), errnoRet: uint32, args: list(argument) })),
    }),
  }),
});

/** Throws an assertion naming the place. */
export function checkSpec(spec: RuntimeSpec): void {
  config(JSON.parse(JSON.stringify(spec)), 'config');
  for (const rule of spec.linux?.seccomp?.syscalls ?? []) assert.ok(rule.names.length > 0, 'a rule names a system call');
  for (const names of [spec.linux?.maskedPaths, spec.mounts?.map(({ destination }) => destination)]) {
    assert.equal(new Set(names).size, names?.length, 'nothing twice');
  }
}
