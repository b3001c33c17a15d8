import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { DEFAULT_PROFILE } from '../../../src/security/seccomp/profile.js';
import { type SyscallAbi, syscallNumbers } from '../../../src/security/seccomp/syscalls.js';

const HEADERS: [SyscallAbi, string[]][] = [
  ['x64', ['/usr/include/x86_64-linux-gnu/asm/unistd_64.h', '/usr/include/asm/unistd_64.h']],
  ['x86', ['/usr/include/x86_64-linux-gnu/asm/unistd_32.h', '/usr/include/asm/unistd_32.h']],
  ['arm64', ['/usr/aarch64-linux-gnu/include/asm-generic/unistd.h', '/usr/include/asm-generic/unistd.h']],
];
/** asm-generic names some calls after what they are on 32 bits; on 64 the other name holds. */
const ONLY_32_BITS = /64$|^(fstatat|fadvise|_llseek|mmap2)/;

describe('system call numbers', () => {
  for (const [abi, paths] of HEADERS) {
    const header = paths.find(existsSync);
    it(`${abi}: are those of the kernel headers here`, { skip: header ? false : 'no kernel headers (linux-libc-dev)' }, () => {
      const table = syscallNumbers(abi);
      const names = [...readFileSync(header as string, 'utf8').matchAll(/^#define __NR_(\w+)\s+(\d+)\s*$/gm)];
      assert.ok(names.length > 200);
      for (const [, name = '', number] of names) {
        if (name === 'syscalls' || name === 'arch_specific_syscall') continue;
        if (abi === 'arm64' && (ONLY_32_BITS.test(name) || !table.has(name))) continue;
        assert.equal(table.get(name), Number(number), name);
      }
    });
  }

  for (const abi of ['x64', 'x86', 'arm64', 'arm'] as const) {
    it(`${abi}: name each number once`, () => {
      const numbers = [...syscallNumbers(abi).values()];
      assert.equal(new Set(numbers).size, numbers.length);
      assert.equal(syscallNumbers(abi).get('landlock_restrict_self'), 446);
      assert.equal(syscallNumbers(abi).get('removexattrat'), 466);
    });
  }

  it('cover every name of the profile', () => {
    const known = new Set((['x64', 'x86', 'arm64', 'arm'] as const).flatMap((abi) => [...syscallNumbers(abi).keys()]));
    const unknown = DEFAULT_PROFILE.flatMap(({ names }) => names.trim().split(/\s+/)).filter((name) => !known.has(name));
    assert.deepEqual(unknown, []);
  });
});
