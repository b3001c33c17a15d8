/** A machine and users that are nowhere, for the golden files. */
import type { IdMapping } from '../../src/security/idmap.js';
import { type IdFacts, rangeMapping, singleMapping } from '../../src/security/idmap-form.js';
import type { Facts, Scenario } from './scenario.js';

const RANGE = rangeMapping(
  [
    { start: 1000, size: 1 },
    { start: 100000, size: 65535 },
  ],
  [
    { start: 1000, size: 1 },
    { start: 100000, size: 65535 },
  ],
  'newuidmap',
);
const KEEP: IdMapping = {
  ...RANGE,
  mode: 'keep-id',
  uid: [
    { containerId: 0, hostId: 100000, size: 1000 },
    { containerId: 1000, hostId: 1000, size: 1 },
    { containerId: 1001, hostId: 101000, size: 64535 },
  ],
  owners: 'keep-1000-1000-0123456789ab',
  keep: { uid: 1000, gid: 1000 },
};
const NOMAP: IdMapping = {
  ...rangeMapping([{ start: 100000, size: 65535 }], [{ start: 100000, size: 65535 }], 'newuidmap'),
  steward: RANGE,
};
const MAPS: Readonly<Record<string, IdMapping>> = {
  root: rangeMapping([{ start: 1879048192, size: 65536 }], [{ start: 1879048192, size: 65536 }], 'direct'),
  range: RANGE,
  single: singleMapping({ uid: 1000, gid: 1000 } as IdFacts),
};

export function inventedFacts({ identity, userns }: Scenario): Facts {
  const ids = userns ? { 'keep-id': KEEP, nomap: NOMAP }[userns] : MAPS[identity];
  if (ids === undefined) throw new Error(identity);
  return {
    ids,
    ...(ids.write === 'newuidmap' ? { mappers: { newuidmap: '/usr/bin/newuidmap', newgidmap: '/usr/bin/newgidmap' } } : {}),
    callerUid: identity === 'root' ? 0 : 1000,
    layers: ['/data/v1/layers/owners/topmost/diff', '/data/v1/layers/owners/lowest/diff'],
    store: '/data/v1',
    run: '/run/tsrun',
    volumes: '/srv',
    arch: 'x64',
    running: { pid: 4711, startTime: 123456 },
  };
}
