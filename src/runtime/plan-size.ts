/** How large a launch plan may be. */
import { TsrunError } from '../errors.js';

/** native/plan.h: PLAN_MAX_BYTES, the magic and the version included. The helper reads no further, whoever sends it. */
export const PLAN_MAX_BYTES = 16 * 2 ** 20;

/** Of all that goes into a plan only what the user asked for has no limit of its own. @throws ERR_TSRUN_USAGE */
export function assertPlanFits({ length }: Uint8Array): void {
  if (length <= PLAN_MAX_BYTES) return;
  throw new TsrunError(
    'ERR_TSRUN_USAGE',
    `the environment variables and arguments are too large: the launch plan has ${length} bytes, and may have ${PLAN_MAX_BYTES}`,
    { hint: 'pass fewer of them (-e, --env-file, the command), or put them into a file and mount that with -v' },
  );
}
