/**
 * `--fake-root`: calls that root's programs make and that no id map allows are answered with success, and nothing is done. What the profile
 * refuses stays refused. Pure.
 *
 * Charliecloud's idea (its seccomp emulation), with three differences: capset stays real, for root of a user namespace has capabilities to give
 * up; so do fifos, sockets and overlay's 0/0 whiteouts, which he can make; and there is no kexec_load to test the filter by, for the
 * profile refuses it, and a filter that the kernel does not take ends the launch.
 */
import { TsrunError } from '../../errors.js';
import type { Seccomp, SeccompAction, SeccompArg, SeccompRule } from '../../spec/runtime.js';
import type { IdMapping, IdRange } from '../idmap.js';
import { isPermissive } from './names.js';
import { type Verdict, verdictsOf } from './verdict.js';

/** With one id there is no other owner to give a file to, and nobody else to become. */
const OWNERS = 'chown chown32 fchown fchown32 fchownat lchown lchown32'.split(' ');
const IDENTITIES = (
  'setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32 setgroups setgroups32 setregid setregid32 setresgid setresgid32 setresuid ' +
  'setresuid32 setreuid setreuid32 setuid setuid32'
).split(' ');

/** Where the arguments mode and dev are. */
const NODES: readonly { name: string; mode: number; dev: number }[] = [
  { name: 'mknod', mode: 1, dev: 2 },
  { name: 'mknodat', mode: 2, dev: 3 },
];

/** Of a file's mode (inode(7)): S_IFCHR and S_IFBLK, and no other type, have the second of these bits and neither of the others. */
const [NEITHER_REGULAR, DEVICE, NEITHER_FIFO] = [0o100000, 0o020000, 0o010000];

/** Whether all there is inside is one user and one group. */
export function isSingleId({ uid, gid }: Pick<IdMapping, 'uid' | 'gid'>): boolean {
  const total = (ranges: readonly IdRange[]) => ranges.reduce((sum, { size }) => sum + size, 0);
  return total(uid) === 1 && total(gid) === 1;
}

/**
 * A profile with what `--fake-root` answers. Device nodes are answered under every map, owners and identities where there is but one
 * id: with a range they are real, and a service that gives up root must not be told that it had.
 * @throws ERR_TSRUN_UNSUPPORTED for a profile that decides one of these calls by its arguments
 */
export function withFakeRoot(seccomp: Seccomp, ids: Pick<IdMapping, 'uid' | 'gid'>): Seccomp {
  const verdicts = verdictsOf(seccomp);
  const allowed = (name: string) => isAllowed(verdicts.get(name), seccomp.defaultAction, name);
  const answered = (isSingleId(ids) ? [...OWNERS, ...IDENTITIES] : []).filter(allowed);
  const nodes = NODES.filter(({ name }) => allowed(name));
  const names = new Set([...answered, ...nodes.map(({ name }) => name)]);
  const kept = (seccomp.syscalls ?? []).map((rule) => ({ ...rule, names: rule.names.filter((name) => !names.has(name)) }));
  return {
    ...seccomp,
    syscalls: [
      ...kept.filter((rule) => rule.names.length > 0),
      ...(answered.length > 0 ? [{ names: answered, ...SUCCESS }] : []),
      ...nodes.flatMap(nodeRules),
    ],
  };
}

const SUCCESS = { action: 'SCMP_ACT_ERRNO', errnoRet: 0 } as const;

/** What of a container's profile `exec --privileged` keeps: root is no more real in it. */
export function onlyFakeRoot({ architectures, syscalls = [] }: Seccomp): Seccomp | undefined {
  const faked = syscalls.filter(({ action, errnoRet }) => action === SUCCESS.action && errnoRet === SUCCESS.errnoRet);
  return faked.length === 0 ? undefined : { defaultAction: 'SCMP_ACT_ALLOW', ...(architectures ? { architectures } : {}), syscalls: faked };
}

/** Exactly one of the two kinds holds for any arguments: no runtime has to choose. */
function nodeRules({ name, mode, dev }: { name: string; mode: number; dev: number }): SeccompRule[] {
  const bit = (mask: number, value: number): SeccompArg => ({ index: mode, value: mask, valueTwo: value, op: 'SCMP_CMP_MASKED_EQ' });
  const isDevice = bit(NEITHER_REGULAR | DEVICE | NEITHER_FIFO, DEVICE);
  const others = [bit(NEITHER_REGULAR, NEITHER_REGULAR), bit(DEVICE, 0), bit(NEITHER_FIFO, NEITHER_FIFO)];
  const whiteout: SeccompArg = { index: dev, value: 0, op: 'SCMP_CMP_EQ' };
  return [
    ...[...others, whiteout].map((arg): SeccompRule => ({ names: [name], action: 'SCMP_ACT_ALLOW', args: [arg] })),
    { names: [name], ...SUCCESS, args: [isDevice, { ...whiteout, op: 'SCMP_CMP_NE' }] },
  ];
}

function isAllowed(verdict: Verdict | undefined, defaultAction: SeccompAction, name: string): boolean {
  if (verdict === undefined) return isPermissive(defaultAction);
  if ('always' in verdict) return isPermissive(verdict.always.action);
  throw new TsrunError('ERR_TSRUN_UNSUPPORTED', `--fake-root: the seccomp profile decides ${name} by its arguments`, {
    subject: name,
    hint: 'leave out --fake-root, or allow the call without conditions',
  });
}
