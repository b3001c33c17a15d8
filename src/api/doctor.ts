/** What this machine has for containers, and what to do about what it lacks. */
import { release } from 'node:os';
import { appArmorProfile } from '../doctor/apparmor.js';
import { look } from '../doctor/look.js';
import { findHelper } from '../doctor/look-files.js';
import { type DoctorReport, reportOf } from '../doctor/report.js';
import { TsrunError } from '../errors.js';
import { outerSeccomp } from '../security/seccomp/outer.js';
import type { Seccomp } from '../spec/runtime.js';
import { checkArguments } from './check-arguments.js';
import { ownArch } from './host.js';
import type { CommonOptions } from './options.js';
import { openSession, openStore } from './session.js';

/**
 * Tries each thing as a container would use it, in processes that are gone when this resolves. The store is made if it is not there.
 * @throws ERR_TSRUN_HELPER_MISSING, ERR_TSRUN_INTERRUPTED
 */
export async function doctor(options: CommonOptions = {}): Promise<DoctorReport> {
  const { signal } = checkArguments({}, options);
  const { paths } = openSession(options);
  const facts = await look(paths, () => openStore(options), process.env, signal);
  if (signal?.aborted)
    throw new TsrunError('ERR_TSRUN_INTERRUPTED', 'interrupted while trying what this machine has', { cause: signal.reason });
  return reportOf(facts);
}

/** Text for /etc/apparmor.d: the helper, where it lies now, may use user namespaces (Ubuntu 23.10 and newer). */
export function doctorAppArmorProfile(): string {
  return appArmorProfile(findHelper());
}

/** In docker's and the OCI's form: for the container that tsrun is to run in, for this processor and kernel. */
export function doctorSeccompProfile(): Seccomp {
  return outerSeccomp({ arch: ownArch(), kernel: release() });
}
