/** libseccomp as the oracle: the same rules, compiled by it, give the same action for every call. */
import assert from 'node:assert/strict';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import koffi from 'koffi';
import { type Capability, DEFAULT_CAPABILITIES } from '../../../src/security/capabilities.js';
import { AUDIT_ARCH, compileSeccomp } from '../../../src/security/seccomp/compile.js';
import { DEFAULT_PROFILE } from '../../../src/security/seccomp/profile.js';
import { readProfile } from '../../../src/security/seccomp/read-profile.js';
import { defaultSeccomp } from '../../../src/security/seccomp/resolve.js';
import { resolveProfile } from '../../../src/security/seccomp/resolve-profile.js';
import { syscallNumbers } from '../../../src/security/seccomp/syscalls.js';
import type { Seccomp, SeccompAction, SeccompOperator } from '../../../src/spec/runtime.js';
import { evaluate } from './interpreter.js';
import { PROFILES } from './profiles.js';

const LIBRARY = ['/usr/lib/x86_64-linux-gnu/libseccomp.so.2', '/usr/lib64/libseccomp.so.2', '/usr/lib/libseccomp.so.2'].find(existsSync);
const skip =
  process.arch !== 'x64' ? 'libseccomp builds for its own processor' : LIBRARY ? false : 'libseccomp is not installed (libseccomp-dev)';

/** What libseccomp calls the actions (seccomp.h). */
const ACTIONS: Partial<Record<SeccompAction, number>> = {
  SCMP_ACT_ALLOW: 0x7fff0000,
  SCMP_ACT_LOG: 0x7ffc0000,
  SCMP_ACT_TRAP: 0x00030000,
  SCMP_ACT_KILL: 0,
  SCMP_ACT_KILL_THREAD: 0,
  SCMP_ACT_KILL_PROCESS: 0x80000000,
};
const OPERATORS: Record<SeccompOperator, number> = {
  SCMP_CMP_NE: 1,
  SCMP_CMP_LT: 2,
  SCMP_CMP_LE: 3,
  SCMP_CMP_EQ: 4,
  SCMP_CMP_GE: 5,
  SCMP_CMP_GT: 6,
  SCMP_CMP_MASKED_EQ: 7,
};
const actionOf = (action: SeccompAction, errno = 1) => ACTIONS[action] ?? 0x00050000 + errno;

/** Each capability that the profile has a word for, alone; then several and none. */
const CONDITIONS = new Set(
  DEFAULT_PROFILE.flatMap(({ granted = [], withoutGrant }) => [...granted, ...(withoutGrant ? [withoutGrant] : [])]),
);
const GRANTS: Capability[][] = [
  [],
  [...DEFAULT_CAPABILITIES],
  [...CONDITIONS],
  ...[...CONDITIONS].map((name) => [...DEFAULT_CAPABILITIES, name]),
];

const WORDS = [0n, 1n, 2n, 8n, 38n, 39n, 40n, 41n, 0x5401n, 0x5412n, 0x541cn, 0x20008n, 0x10000000n, 0x7e020000n, 0xffffffffn];
const VALUES = WORDS.flatMap((low) => [0n, 1n << 32n, 0xffffffff00000000n].map((high) => high | low));

describe('beside libseccomp', { skip }, () => {
  it('every call of the default profile ends alike, whichever capability of the profile’s is granted', () => {
    for (const granted of GRANTS)
      for (const kernel of ['6.1', '4.4']) assertAlike(defaultSeccomp({ arch: 'x64', kernel, granted }), granted.join());
  });

  for (const [name, profile] of Object.entries(PROFILES)) {
    it(`every call ends alike under a profile that was read: ${name}`, () => {
      const read = readProfile(JSON.stringify(profile), 'p.json');
      for (const granted of GRANTS) assertAlike(resolveProfile(read, { arch: 'x64', kernel: '6.1', granted }), granted.join());
    });
  }
});

/** Of the calls that there are: what no kernel has fails with ENOSYS, which libseccomp has no word for. */
function assertAlike(seccomp: Seccomp, about: string): void {
  const ours = compileSeccomp(seccomp, 'x64');
  const theirs = libseccompFilter(seccomp);
  const numbers = syscallNumbers('x64');
  const rules = seccomp.syscalls ?? [];
  const newest = Math.max(...rules.flatMap(({ names }) => names.map((name) => numbers.get(name) ?? 0)));
  const looked = new Set(rules.flatMap(({ names, args }) => (args ? names : [])));
  for (const [name, number] of numbers) {
    if (number > newest) continue;
    for (const value of looked.has(name) ? VALUES : [0n, 0xffffffffffffffffn]) {
      const call = { number, arch: AUDIT_ARCH.x64, args: [value, value, value] };
      assert.equal(evaluate(ours, call).action, evaluate(theirs, call).action, `${name} of ${value.toString(16)} with ${about}`);
    }
  }
}

/** The rules of the native ABI through libseccomp's C interface (seccomp(3)). */
function libseccompFilter({ defaultAction, defaultErrnoRet, syscalls = [] }: Seccomp): Buffer {
  const { init, add, exportBpf, release } = libseccomp();
  const otherwise = actionOf(defaultAction, defaultErrnoRet);
  const context = init(otherwise);
  const numbers = syscallNumbers('x64');
  for (const { names, action, errnoRet, args = [] } of syscalls) {
    const result = actionOf(action, errnoRet);
    if (result === otherwise) continue; // libseccomp refuses a rule that says nothing new, and every runtime leaves it out
    for (const number of names.flatMap((name) => numbers.get(name) ?? [])) {
      const comparisons = args.map(({ index, op, value, valueTwo }) => ({ arg: index, op: OPERATORS[op], a: value, b: valueTwo ?? 0 }));
      assert.equal(add(context, result, number, comparisons.length, comparisons), 0, `seccomp_rule_add_array(${number})`);
    }
  }
  const directory = mkdtempSync(join(tmpdir(), 'tsrun-seccomp-'));
  try {
    const fd = openSync(join(directory, 'filter'), 'w');
    assert.equal(exportBpf(context, fd), 0);
    closeSync(fd);
    return readFileSync(join(directory, 'filter'));
  } finally {
    release(context);
    rmSync(directory, { recursive: true });
  }
}

interface Library {
  init(action: number): unknown;
  add(context: unknown, action: number, number: number, count: number, comparisons: object[]): number;
  exportBpf(context: unknown, fd: number): number;
  release(context: unknown): void;
}
let loaded: Library | undefined;

function libseccomp(): Library {
  if (loaded) return loaded;
  const lib = koffi.load(LIBRARY as string);
  const Comparison = koffi.struct({ arg: 'uint32', op: 'int', a: 'uint64', b: 'uint64' });
  loaded = {
    init: lib.func('seccomp_init', 'void *', ['uint32']),
    add: lib.func('seccomp_rule_add_array', 'int', ['void *', 'uint32', 'int', 'uint', koffi.pointer(Comparison)]),
    exportBpf: lib.func('seccomp_export_bpf', 'int', ['void *', 'int']),
    release: lib.func('seccomp_release', 'void', ['void *']),
  };
  return loaded;
}
