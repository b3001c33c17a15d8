/** The id map that a container has, from its config.json: today's choice may be another. */
import { findMappers, type Identity } from '../rootfs/identity.js';
import type { IdMapping, IdRange } from '../security/idmap.js';
import type { IdMap, RuntimeSpec } from '../spec/runtime.js';

/** Without a config nothing was written under any map. */
export function identityOf(spec: RuntimeSpec | undefined): Identity {
  const uid = rangesOf(spec?.linux?.uidMappings);
  const gid = rangesOf(spec?.linux?.gidMappings);
  const single = uid.length <= 1 && (uid[0]?.size ?? 1) === 1;
  const own = { containerId: 0, hostId: process.getuid?.() ?? 0, size: 1 };
  const ids: IdMapping = {
    mode: single ? 'single' : 'range',
    uid: uid.length > 0 ? uid : [own],
    gid: gid.length > 0 ? gid : [{ ...own, hostId: process.getgid?.() ?? 0 }],
    write: single || process.getuid?.() === 0 ? 'direct' : 'newuidmap',
    setgroups: single ? 'deny' : 'allow',
    owners: '',
    notes: [],
  };
  return { ids, mappers: findMappers() };
}

function rangesOf(maps: readonly IdMap[] | undefined): IdRange[] {
  return (maps ?? []).map(({ containerID, hostID, size }) => ({ containerId: containerID, hostId: hostID, size }));
}
