/** Actions of a profile → what a filter returns, and which of two is the stricter. Pure. */
import { TsrunError } from '../../errors.js';
import type { Seccomp, SeccompAction } from '../../spec/runtime.js';
import { EPERM } from './profile.js';

/** linux/seccomp.h */
export const RET_KILL_PROCESS = 0x80000000;
const RET_KILL_THREAD = 0;
const RET_TRAP = 0x00030000;
export const RET_ERRNO = 0x00050000;
const RET_USER_NOTIF = 0x7fc00000;
const RET_TRACE = 0x7ff00000;
const RET_LOG = 0x7ffc0000;
export const RET_ALLOW = 0x7fff0000;

/** An action with its error. */
export interface Outcome {
  action: SeccompAction;
  errnoRet?: number;
}

/** @throws ERR_TSRUN_CONFIG_INVALID when it is malformed */
export function resultOf({ action, errnoRet: errno = EPERM }: Outcome): number {
  if (!Number.isInteger(errno) || errno < 0 || errno > 4095) throw invalid(`errnoRet ${errno} is not 0…4095`);
  switch (action) {
    case 'SCMP_ACT_ALLOW':
      return RET_ALLOW;
    case 'SCMP_ACT_ERRNO':
      return RET_ERRNO + errno;
    case 'SCMP_ACT_KILL':
    case 'SCMP_ACT_KILL_THREAD':
      return RET_KILL_THREAD;
    case 'SCMP_ACT_KILL_PROCESS':
      return RET_KILL_PROCESS;
    case 'SCMP_ACT_TRAP':
      return RET_TRAP;
    case 'SCMP_ACT_TRACE':
      return RET_TRACE + errno;
    case 'SCMP_ACT_LOG':
      return RET_LOG;
    case 'SCMP_ACT_NOTIFY':
      return RET_USER_NOTIF;
    default:
      throw invalid(`unknown action ${JSON.stringify(action)}`);
  }
}

/** What holds for a call that no rule decides. */
export function defaultOf({ defaultAction: action, defaultErrnoRet: errnoRet }: Seccomp): Outcome {
  return errnoRet === undefined ? { action } : { action, errnoRet };
}

/** For sorting, as the kernel ranks the results of several filters: a signed comparison without the error. */
export function strictestFirst(a: Outcome, b: Outcome): number {
  return (resultOf(a) >> 16) - (resultOf(b) >> 16);
}

export function invalid(what: string): TsrunError {
  return new TsrunError('ERR_TSRUN_CONFIG_INVALID', `seccomp: ${what}`, { hint: 'correct linux.seccomp of the runtime spec' });
}
