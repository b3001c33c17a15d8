/**
 * i386's socketcall and ipc: each is many calls, told apart by its first argument. What a profile says of `socket` it says of that part of
 * socketcall too, as under libseccomp. Pure.
 */
import type { Seccomp, SeccompRule } from '../../spec/runtime.js';
import { defaultOf, resultOf, strictestFirst } from './actions.js';
import type { Verdict } from './verdict.js';

/** linux/net.h SYS_*, linux/ipc.h; each list starts at its number. */
const MULTIPLEXERS: readonly { name: string; mask: number; parts: readonly [first: number, names: string][] }[] = [
  {
    name: 'socketcall',
    mask: 0xffffffff,
    parts: [
      [1, 'socket bind connect listen accept getsockname getpeername socketpair send recv sendto recvfrom'],
      [13, 'shutdown setsockopt getsockopt sendmsg recvmsg accept4 recvmmsg sendmmsg'],
    ],
  },
  {
    name: 'ipc',
    mask: 0xffff, // above it is a version, which does not say what is done
    parts: [
      [1, 'semop semget semctl semtimedop'],
      [11, 'msgsnd msgrcv msgget msgctl'],
      [21, 'shmat shmdt shmget shmctl'],
    ],
  },
];

/** The verdicts with those on the parts of a multiplexer, unless the profile says of it what holds for any arguments. */
export function withMultiplexed(verdicts: ReadonlyMap<string, Verdict>, seccomp: Seccomp): Map<string, Verdict> {
  const result = new Map(verdicts);
  for (const { name, mask, parts } of MULTIPLEXERS) {
    const own = verdicts.get(name) ?? { sometimes: [] };
    if ('always' in own) continue;
    const rules = parts.flatMap(([first, names]) =>
      names.split(' ').flatMap((part, index) => partRule(verdicts.get(part), seccomp, { name, mask, number: first + index })),
    );
    if (rules.length > 0) result.set(name, { sometimes: [...own.sometimes, ...rules].toSorted(strictestFirst) });
  }
  return result;
}

/** The arguments of a part lie in memory, where no filter sees them: if they decide, then for the strictest that there is. */
function partRule(verdict: Verdict | undefined, seccomp: Seccomp, part: { name: string; mask: number; number: number }): SeccompRule[] {
  if (verdict === undefined) return [];
  const otherwise = defaultOf(seccomp);
  const held = 'always' in verdict ? verdict.always : [...verdict.sometimes, otherwise].toSorted(strictestFirst)[0];
  if (held === undefined || resultOf(held) === resultOf(otherwise)) return [];
  const args = [{ index: 0, value: part.mask, valueTwo: part.number, op: 'SCMP_CMP_MASKED_EQ' as const }];
  return [{ names: [part.name], action: held.action, ...(held.errnoRet === undefined ? {} : { errnoRet: held.errnoRet }), args }];
}
