/** The id map that a container has, from its config.json: today's choice may be another. */
import { type Identity, recordedIdentity } from '../rootfs/identity.js';
import type { RuntimeSpec } from '../spec/runtime.js';

/** Without a config nothing was written under any map. */
export function identityOf(spec: RuntimeSpec | undefined): Identity {
  return recordedIdentity(spec?.linux?.uidMappings, spec?.linux?.gidMappings);
}
