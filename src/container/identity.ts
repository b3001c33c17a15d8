/** The id map that a container has, from its config.json: today's choice may be another. */
import { KEEPS_GROUPS } from '../bundle/annotations.js';
import { CONFINED, confinedIdentity, type Identity, recordedIdentity } from '../rootfs/identity.js';
import type { RuntimeSpec } from '../spec/runtime.js';

/** Without a config nothing was written under any map. */
export function identityOf(spec: RuntimeSpec | undefined): Identity {
  if (spec?.annotations?.['io.tsrun.owners'] === CONFINED) return confinedIdentity();
  const { ids, mappers } = recordedIdentity(spec?.linux?.uidMappings, spec?.linux?.gidMappings);
  return { ids: spec?.annotations?.[KEEPS_GROUPS] === '1' ? { ...ids, keepsGroups: true } : ids, mappers };
}
