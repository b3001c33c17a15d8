import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { PROFILE_LIMIT, readProfile } from '../../../src/security/seccomp/read-profile.js';
import { resolveProfile } from '../../../src/security/seccomp/resolve-profile.js';
import { PROFILES } from './profiles.js';

const read = (profile: unknown) => readProfile(typeof profile === 'string' ? profile : JSON.stringify(profile), 'p.json');
const resolve = (profile: unknown, granted: string[] = [], kernel = '6.1.0', arch: 'x64' | 'arm64' = 'x64') =>
  resolveProfile(read(profile), { arch, kernel, granted });
const names = (...args: Parameters<typeof resolve>) => resolve(...args).syscalls?.flatMap((rule) => rule.names) ?? [];
const { docker: DOCKER, podman: PODMAN, old: OLD } = PROFILES;
const rule = (more: object) => ({ defaultAction: 'SCMP_ACT_ERRNO', syscalls: [{ names: ['read'], action: 'SCMP_ACT_ALLOW', ...more }] });

describe('a seccomp profile', () => {
  it('of docker’s shape is resolved for capabilities, processor and kernel', () => {
    const { architectures, defaultErrnoRet } = resolve(DOCKER);
    assert.deepEqual([architectures, defaultErrnoRet], [['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86'], 1]);
    assert.deepEqual(resolve(DOCKER, [], '6.1', 'arm64').architectures, ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM']);
    assert.ok(names(DOCKER).includes('ptrace') && !names(DOCKER).includes('mlock') && !names(DOCKER).includes('bpf'));
    assert.ok(!names(DOCKER, [], '4.4').includes('ptrace') && names(DOCKER, [], '4.4').includes('mlock'));
    assert.ok(names(DOCKER).includes('arch_prctl') && !names(DOCKER).includes('set_tls'));
    assert.ok(names(DOCKER, [], '6.1', 'arm64').includes('set_tls'));
    const admin = names(DOCKER, ['CAP_SYS_ADMIN']);
    assert.ok(admin.includes('bpf') && !admin.includes('clone3') && !admin.includes('reboot'), 'all of includes.caps must be there');
    assert.ok(names(DOCKER, ['CAP_SYS_ADMIN', 'CAP_SYS_BOOT']).includes('reboot'));
  });

  it('of podman’s shape gives its errors by name, which count before the number', () => {
    assert.equal(read(PODMAN).defaultErrnoRet, 38);
    assert.deepEqual(
      read(PODMAN).rules.map(({ errnoRet }) => errnoRet),
      [1, undefined, 22, undefined],
    );
    assert.equal(read(rule({ errno: 'EINVAL', errnoRet: 1 })).rules[0]?.errnoRet, 22);
  });

  it('of the old shape has a name for each rule, and no processor but its own', () => {
    assert.deepEqual(names(OLD), ['read', 'kill', 'lseek']);
    assert.deepEqual(resolve(OLD).architectures, ['SCMP_ARCH_X86_64']);
    assert.deepEqual(resolve({ defaultAction: 'SCMP_ACT_ALLOW' }).architectures, ['SCMP_ARCH_X86_64']);
  });

  const WRONG: [profile: unknown, place: RegExp][] = [
    ['', /p\.json: it is not JSON/],
    ['[]', /p\.json: it is not an object/],
    ['{}', /defaultAction: nothing is none of/],
    [' '.repeat(PROFILE_LIMIT + 1), /larger than/],
    ['{"defaultAction":"SCMP_ACT_ALLOW","__proto__":{"x":1}}', /: __proto__: there is no such setting/],
    ['{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"constructor":1}]}', /syscalls\[0\]\.constructor: there is no such/],
    [{ defaultAction: 'SCMP_ACT_NONE' }, /defaultAction: "SCMP_ACT_NONE" is none of/],
    [{ defaultAction: 'SCMP_ACT_ERRNO', syscall: [] }, /syscall: there is no such setting/],
    [{ ...OLD, archMap: DOCKER.archMap }, /architectures: there is an archMap as well/],
    [{ ...OLD, architectures: ['x86'] }, /architectures\[0\]: "x86" is no processor/],
    [{ ...OLD, defaultErrnoRet: 4096 }, /defaultErrnoRet: it is not a number from 0 to 4095/],
    [{ ...OLD, defaultErrno: 'ENOPE' }, /defaultErrno: "ENOPE" is no error/],
    [{ ...OLD, flags: ['X'] }, /flags\[0\]/],
    [{ ...OLD, listenerPath: '/x' }, /listenerPath: a listener is not supported/],
    [rule({ action: 'SCMP_ACT_NOTIFY' }), /syscalls\[0\]\.action: SCMP_ACT_NOTIFY needs a listener/],
    [rule({ name: 'write' }), /syscalls\[0\]: there are both/],
    [rule({ names: [] }), /syscalls\[0\]: it names no system call/],
    [rule({ names: [null] }), /syscalls\[0\]\.names\[0\]: it is not a name/],
    [rule({ names: 'read' }), /syscalls\[0\]\.names: it is not a list/],
    [rule({ exclude: {} }), /syscalls\[0\]\.exclude: there is no such setting/],
    [rule({ includes: { cap: [] } }), /includes\.cap: there is no such/],
    [rule({ includes: { minKernel: '4' } }), /includes\.minKernel: it is not as in "4.8"/],
    [rule({ args: [{ index: 6, value: 0, op: 'SCMP_CMP_EQ' }] }), /args\[0\]\.index/],
    [rule({ args: [{ index: 0, value: -1, op: 'SCMP_CMP_EQ' }] }), /args\[0\]\.value: it is not a number/],
    [rule({ args: [{ index: 0, value: 2 ** 60, op: 'SCMP_CMP_EQ' }] }), /args\[0\]\.value: it is not a number/],
    [rule({ args: [{ index: 0, value: 0, op: '==' }] }), /args\[0\]\.op: "==" is none of/],
    [
      { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['mountt'], action: 'SCMP_ACT_ERRNO' }] },
      /names\[0\]: "mountt" is no system call/,
    ],
  ];
  for (const [profile, place] of WRONG) {
    it(`is refused with its place: ${place.source}`, () => {
      assert.throws(
        () => read(profile),
        (error: { code: string; message: string }) => {
          assert.match(error.message, place);
          return /^ERR_TSRUN_(USAGE|UNSUPPORTED)$/.test(error.code);
        },
      );
    });
  }

  it('lets pass what is said of nothing, of other processors, and to people', () => {
    assert.deepEqual(names(rule({ names: ['read', 'brand_new_call', 's390_sthyi'], comment: 'x', args: null, includes: null })), [
      ...['read', 'brand_new_call', 's390_sthyi'],
    ]);
    assert.ok(read({ ...OLD, $schema: 'x', description: 'y', listenerPath: '', listenerMetadata: '' }));
    for (const flag of ['TSYNC', 'LOG', 'SPEC_ALLOW', 'WAIT_KILLABLE_RECV'])
      assert.ok(read({ ...OLD, flags: [`SECCOMP_FILTER_FLAG_${flag}`] }));
  });

  it('has versions of kernels as text: the number 5.10 would be 5.1', () => {
    assert.deepEqual(read(rule({ includes: { minKernel: '5.10' } })).rules[0]?.includes.minKernel, [5, 10]);
    assert.throws(
      () =>
        read('{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],"action":"SCMP_ACT_LOG","excludes":{"minKernel":5.10}}]}'),
      {
        message: /syscalls\[0\]\.excludes\.minKernel: it is not as in/,
      },
    );
  });

  it('is read or refused with a sentence, whatever it is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom('', 'syscalls', 'archMap', 'flags'), (value, key) => {
        const profile = key === '' ? value : { defaultAction: 'SCMP_ACT_ERRNO', [key]: value };
        try {
          read(profile);
        } catch (error) {
          assert.match((error as { code: string }).code, /^ERR_TSRUN_/);
        }
      }),
    );
    assert.equal(({} as Record<string, unknown>)['x'], undefined);
  });
});
