/** `--security-opt apparmor=PROFILE`: whether there is AppArmor. Whether it knows the profile it says when the command begins. */
import { parseSecurityOptions } from '../bundle/security-opt.js';
import { TsrunError } from '../errors.js';
import { textOf } from '../runtime/host-facts.js';

/** @throws ERR_TSRUN_UNSUPPORTED */
export function checkAppArmor(securityOpt: readonly string[]): void {
  const { apparmor = 'unconfined' } = parseSecurityOptions(securityOpt);
  if (apparmor === 'unconfined' || textOf('/sys/module/apparmor/parameters/enabled').startsWith('Y')) return;
  throw new TsrunError('ERR_TSRUN_UNSUPPORTED', `--security-opt apparmor=${apparmor}: AppArmor is not enabled on this host`, {
    subject: apparmor,
    hint: 'leave it out, or boot a kernel that has AppArmor with apparmor=1 security=apparmor',
  });
}
