/** libseccomp's own filter for the rules of a profile (seccomp(3)), as runc calls it. Not a test itself. */
import assert from 'node:assert/strict';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import koffi from 'koffi';
import { syscallNumbers } from '../../../src/security/seccomp/syscalls.js';
import type { Seccomp, SeccompAction, SeccompArg, SeccompOperator, SeccompRule } from '../../../src/spec/runtime.js';

export const LIBRARY = ['/usr/lib/x86_64-linux-gnu/libseccomp.so.2', '/usr/lib64/libseccomp.so.2', '/usr/lib/libseccomp.so.2'].find(
  existsSync,
);

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

const ARCH = { x64: 0xc000003e, x86: 0x40000003 } as const;
const REFUSED_NAME = -1;

/** The number that libseccomp takes for a call of one of its ABIs: below zero where the native one has none. */
function numberOf(name: string, abi: 'x64' | 'x86'): number | undefined {
  if (abi === 'x64') return syscallNumbers('x64').get(name); // newer than its own too
  const number = libseccomp().resolve(name);
  return number === REFUSED_NAME ? undefined : number;
}

export const isKnown = (name: string): boolean => libseccomp().resolve(name) !== REFUSED_NAME;

/** @returns undefined where it takes not all: for i386 two rules that differ on one part of socketcall or ipc */
export function libseccompFilter({ defaultAction, defaultErrnoRet, syscalls = [] }: Seccomp, abi: 'x64' | 'x86'): Buffer | undefined {
  const { init, archAdd, archRemove, release } = libseccomp();
  const otherwise = actionOf(defaultAction, defaultErrnoRet);
  const context = init(otherwise);
  try {
    if (abi === 'x86') {
      assert.equal(archAdd(context, ARCH.x86), 0);
      assert.equal(archRemove(context, ARCH.x64), 0);
    }
    const rules = syscalls.filter(({ action, errnoRet }) => actionOf(action, errnoRet) !== otherwise); // it refuses these, and runc leaves them out
    return rules.every((rule) => addRule(context, rule, abi)) ? exported(context) : undefined;
  } finally {
    release(context);
  }
}

function addRule(context: unknown, { names, action, errnoRet, args = [] }: SeccompRule, abi: 'x64' | 'x86'): boolean {
  const all = args.map(comparison);
  return names
    .flatMap((name) => numberOf(name, abi) ?? [])
    .every((number) => {
      const failed = libseccomp().add(context, actionOf(action, errnoRet), number, all.length, all);
      assert.ok(failed === 0 || (failed === -EEXIST && abi === 'x86'), `seccomp_rule_add_array(${number}): ${failed}`);
      return failed === 0;
    });
}

const EEXIST = 17;
const comparison = ({ index, op, value, valueTwo }: SeccompArg) => ({ arg: index, op: OPERATORS[op], a: value, b: valueTwo ?? 0 });

function exported(context: unknown): Buffer {
  const directory = mkdtempSync(join(tmpdir(), 'tsrun-seccomp-'));
  try {
    const fd = openSync(join(directory, 'filter'), 'w');
    assert.equal(libseccomp().exportBpf(context, fd), 0);
    closeSync(fd);
    return readFileSync(join(directory, 'filter'));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

interface Library {
  init(action: number): unknown;
  add(context: unknown, action: number, number: number, count: number, comparisons: object[]): number;
  archAdd(context: unknown, arch: number): number;
  archRemove(context: unknown, arch: number): number;
  resolve(name: string): number;
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
    archAdd: lib.func('seccomp_arch_add', 'int', ['void *', 'uint32']),
    archRemove: lib.func('seccomp_arch_remove', 'int', ['void *', 'uint32']),
    resolve: lib.func('seccomp_syscall_resolve_name', 'int', ['str']),
    exportBpf: lib.func('seccomp_export_bpf', 'int', ['void *', 'int']),
    release: lib.func('seccomp_release', 'void', ['void *']),
  };
  return loaded;
}
