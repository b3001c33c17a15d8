/** libseccomp as the oracle: the same rules, compiled by it, give the same action for every call. */
import assert from 'node:assert/strict';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import koffi from 'koffi';
import { DEFAULT_CAPABILITIES } from '../../../src/security/capabilities.js';
import { AUDIT_ARCH, compileSeccomp } from '../../../src/security/seccomp/compile.js';
import { defaultSeccomp } from '../../../src/security/seccomp/resolve.js';
import { syscallNumbers } from '../../../src/security/seccomp/syscalls.js';
import type { Seccomp, SeccompOperator } from '../../../src/spec/runtime.js';
import { evaluate } from './interpreter.js';

const LIBRARY = ['/usr/lib/x86_64-linux-gnu/libseccomp.so.2', '/usr/lib64/libseccomp.so.2', '/usr/lib/libseccomp.so.2'].find(existsSync);
const skip =
  process.arch !== 'x64' ? 'libseccomp builds for its own processor' : LIBRARY ? false : 'libseccomp is not installed (libseccomp-dev)';

const ALLOW = 0x7fff0000;
const errno = (n: number) => 0x00050000 + n;
const OPERATORS: Record<SeccompOperator, number> = {
  SCMP_CMP_NE: 1,
  SCMP_CMP_LT: 2,
  SCMP_CMP_LE: 3,
  SCMP_CMP_EQ: 4,
  SCMP_CMP_GE: 5,
  SCMP_CMP_GT: 6,
  SCMP_CMP_MASKED_EQ: 7,
};

describe('beside libseccomp', { skip }, () => {
  for (const granted of [
    DEFAULT_CAPABILITIES,
    [],
    [...DEFAULT_CAPABILITIES, 'CAP_SYS_ADMIN'],
    [...DEFAULT_CAPABILITIES, 'CAP_SYS_PTRACE', 'CAP_BPF'],
  ]) {
    it(`every call of the default profile ends alike with ${granted.length} capabilities`, () => {
      const seccomp = defaultSeccomp({ arch: 'x64', kernel: '6.1', granted });
      const ours = compileSeccomp(seccomp, 'x64');
      const theirs = libseccompFilter(seccomp);
      const numbers = syscallNumbers('x64');
      const newest = Math.max(...(seccomp.syscalls ?? []).flatMap(({ names }) => names.map((name) => numbers.get(name) ?? 0)));
      const words = [0n, 1n, 2n, 8n, 38n, 39n, 40n, 41n, 0x5401n, 0x5412n, 0x541cn, 0x20008n, 0x10000000n, 0xffffffffn];
      const values = words.flatMap((low) => [0n, 1n << 32n, 0xffffffff00000000n].map((high) => high | low));
      for (let number = 0; number <= newest; number++) {
        for (const value of values) {
          const call = { number, arch: AUDIT_ARCH.x64, args: [value, value, value] };
          assert.equal(evaluate(ours, call).action, evaluate(theirs, call).action, `call ${number} with ${value.toString(16)}`);
        }
      }
    });
  }
});

/** The rules of the native ABI through libseccomp's C interface (seccomp(3)). */
function libseccompFilter(seccomp: Seccomp): Buffer {
  const lib = koffi.load(LIBRARY as string);
  const Comparison = koffi.struct({ arg: 'uint32', op: 'int', a: 'uint64', b: 'uint64' });
  const init = lib.func('seccomp_init', 'void *', ['uint32']);
  const add = lib.func('seccomp_rule_add_array', 'int', ['void *', 'uint32', 'int', 'uint', koffi.pointer(Comparison)]);
  const exportBpf = lib.func('seccomp_export_bpf', 'int', ['void *', 'int']);
  const release = lib.func('seccomp_release', 'void', ['void *']);
  const context = init(errno(1));
  const numbers = syscallNumbers('x64');
  for (const { names, action, errnoRet, args = [] } of seccomp.syscalls ?? []) {
    for (const number of names.flatMap((name) => numbers.get(name) ?? [])) {
      const comparisons = args.map(({ index, op, value, valueTwo }) => ({ arg: index, op: OPERATORS[op], a: value, b: valueTwo ?? 0 }));
      const status = add(context, action === 'SCMP_ACT_ALLOW' ? ALLOW : errno(errnoRet ?? 1), number, comparisons.length, comparisons);
      assert.equal(status, 0, `seccomp_rule_add_array(${number})`);
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
