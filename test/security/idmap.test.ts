import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { TsrunError } from '../../src/errors.js';
import { chooseIdMapping, chooseSlice, type IdFacts, type IdRange } from '../../src/security/idmap.js';
import { chooseRootBlock } from '../../src/security/idmap-root.js';
import { parseUserns, type UsernsWords } from '../../src/security/userns.js';

const INITIAL = [{ inside: 0, outside: 0, size: 4294967295 }];
const BLOCK = { start: 0x70000000, size: 65536 };
const KEEP = parseUserns({ userns: 'keep-id' });
const TOOLS = { newuidmapPath: '/usr/bin/newuidmap', newgidmapPath: '/usr/bin/newgidmap' };

function facts(more: Partial<IdFacts> = {}): IdFacts {
  return {
    uid: 1000,
    gid: 1000,
    userName: 'alice',
    subuid: 'alice:100000:65536\n',
    subgid: 'alice:100000:65536\n',
    ...TOOLS,
    uidMap: INITIAL,
    gidMap: INITIAL,
    ...more,
  };
}
const lines = (ranges: IdRange[]) => ranges.map(({ containerId, hostId, size }) => [containerId, hostId, size]);

describe('a user with subordinate ids', () => {
  it('is root inside, with the range behind', () => {
    const mapping = chooseIdMapping(facts());
    assert.deepEqual(lines(mapping.uid), [
      [0, 1000, 1],
      [1, 100000, 65536],
    ]);
    assert.deepEqual(lines(mapping.gid), [
      [0, 1000, 1],
      [1, 100000, 65536],
    ]);
    assert.deepEqual([mapping.mode, mapping.write, mapping.setgroups, mapping.notes], ['range', 'newuidmap', 'allow', []]);
    assert.match(mapping.owners, /^range-[0-9a-f]{12}$/);
  });

  it('may have several ranges, by name or uid, in the order of the file', () => {
    const subuid = '# comment\nbob:1:1\n1000:300000:1000\n\nalice:200000:5000\nalice:bad:3\nalice:5:0\n';
    assert.deepEqual(lines(chooseIdMapping(facts({ subuid })).uid), [
      [0, 1000, 1],
      [1, 300000, 1000],
      [1001, 200000, 5000],
    ]);
  });

  it('gets one line for neighbouring ranges, and no id twice', () => {
    const joined = 'alice:100000:1000\nalice:101000:1000\n';
    assert.deepEqual(lines(chooseIdMapping(facts({ subuid: joined })).uid), [
      [0, 1000, 1],
      [1, 100000, 2000],
    ]);
    const overlapping = 'alice:100000:1000\nalice:100500:1000\n';
    assert.deepEqual(lines(chooseIdMapping(facts({ subuid: overlapping })).uid), [
      [0, 1000, 1],
      [1, 100000, 1500],
    ]);
    const own = 'alice:900:200\n';
    assert.deepEqual(lines(chooseIdMapping(facts({ subuid: own })).uid), [
      [0, 1000, 1],
      [1, 900, 100],
      [101, 1001, 99],
    ]);
  });

  it('has other owners on disk for another map', () => {
    const one = chooseIdMapping(facts()).owners;
    assert.equal(chooseIdMapping(facts()).owners, one);
    assert.notEqual(chooseIdMapping(facts({ subuid: 'alice:200000:65536\n' })).owners, one);
    assert.notEqual(chooseIdMapping(facts({ gid: 100 })).owners, one);
  });
});

describe('a user without', () => {
  it('has a single id, and is told the exact line with a block that nobody has', () => {
    const mapping = chooseIdMapping(facts({ subuid: 'bob:100000:65536\n', subgid: 'bob:100000:65536\ncarol:165536:65536\n' }));
    assert.deepEqual(lines(mapping.uid), [[0, 1000, 1]]);
    assert.deepEqual([mapping.mode, mapping.write, mapping.setgroups, mapping.owners], ['single', 'direct', 'deny', 'single']);
    assert.equal(mapping.notes.length, 1);
    assert.ok(mapping.notes[0]?.includes('usermod --add-subuids 231072-296607 --add-subgids 231072-296607 alice'), mapping.notes[0]);
  });

  it('is told what else is missing', () => {
    const note = (more: Partial<IdFacts>) => chooseIdMapping({ ...facts(more), ...more }).notes[0] ?? '';
    const { newuidmapPath: _u, newgidmapPath: _g, ...bare } = facts();
    assert.match(chooseIdMapping(bare).notes[0] ?? '', /newuidmap and newgidmap are missing.*uidmap/);
    assert.doesNotMatch(chooseIdMapping(bare).notes[0] ?? '', /usermod/);
    assert.match(chooseIdMapping({ ...bare, subuid: '' }).notes[0] ?? '', /uidmap.*usermod --add-subuids 165536-231071/);
    assert.match(note({ subgid: '' }), /usermod/);
    assert.match(note({ subuid: 'alice:100000:50\n' }), /usermod/);
    const { userName: _n, ...nameless } = facts({ subuid: '', subgid: '' });
    assert.match(chooseIdMapping(nameless).notes[0] ?? '', /echo 1000:100000:65536 \| tee -a \/etc\/subuid \/etc\/subgid/);
  });

  it('inside a namespace that lacks the range has a single id', () => {
    const nested = [
      { inside: 0, outside: 1000, size: 1 },
      { inside: 1000, outside: 100999, size: 1 },
    ];
    const mapping = chooseIdMapping(facts({ uidMap: nested, gidMap: nested }));
    assert.equal(mapping.mode, 'single');
    assert.match(mapping.notes[0] ?? '', /user namespace/);
    assert.doesNotMatch(mapping.notes[0] ?? '', /usermod/);
  });
});

describe('a nested namespace', () => {
  it('hands on only the ids it has', () => {
    const map = [
      { inside: 0, outside: 5000, size: 1 },
      { inside: 1, outside: 100000, size: 110000 },
    ];
    const mapping = chooseIdMapping(facts({ uidMap: map, gidMap: map }));
    assert.deepEqual(lines(mapping.uid), [
      [0, 1000, 1],
      [1, 100000, 10001],
    ]);
  });
});

describe('keep-id', () => {
  it('maps the caller to itself and fills the ids around it', () => {
    const mapping = chooseIdMapping(facts({ gid: 100 }), KEEP);
    assert.deepEqual(lines(mapping.uid), [
      [0, 100000, 1000],
      [1000, 1000, 1],
      [1001, 101000, 64536],
    ]);
    assert.deepEqual(lines(mapping.gid), [
      [0, 100000, 100],
      [100, 100, 1],
      [101, 100100, 65436],
    ]);
    assert.deepEqual(mapping.keep, { uid: 1000, gid: 100 });
    assert.match(mapping.owners, /^keep-1000-100-[0-9a-f]{12}$/);
  });

  it('says when there are too few ids below', () => {
    const few = { subuid: 'alice:100000:500\n' };
    assert.throws(() => chooseIdMapping(facts(few), KEEP), { code: 'ERR_TSRUN_ID_MAP', message: /needs 1000 .* 500/ });
    assert.throws(
      () => chooseIdMapping(facts({ subuid: '' }), KEEP),
      (error) => error instanceof TsrunError && error.code === 'ERR_TSRUN_ID_MAP' && /usermod --add-subuids/.test(error.hint ?? ''),
    );
  });
});

describe('root', () => {
  const root = (more: Partial<IdFacts> = {}) => facts({ uid: 0, gid: 0, userName: 'root', subuid: '', subgid: '', ...more });

  it('takes the tsrun line, else the containers line, up to 65536 ids', () => {
    const containers = 'root:1000000:65536\ncontainers:2147483647:2147483648\n';
    assert.deepEqual(lines(chooseIdMapping(root({ subuid: containers, subgid: containers })).uid), [[0, 2147483647, 65536]]);
    const both = `${containers}tsrun:500000:65536\n`;
    const mapping = chooseIdMapping(root({ subuid: both, subgid: both }));
    assert.deepEqual(lines(mapping.uid), [[0, 500000, 65536]]);
    assert.deepEqual([mapping.mode, mapping.write, mapping.setgroups], ['range', 'direct', 'allow']);
  });

  it('else the block recorded for this host', () => {
    const rootBlock = chooseRootBlock(root());
    assert.deepEqual(rootBlock, { start: 0x70000000, size: 65536 });
    const mapping = chooseIdMapping(root({ rootBlock: { start: 0x70000000, size: 65536 } }));
    assert.deepEqual(lines(mapping.uid), [[0, 0x70000000, 65536]]);
    assert.throws(() => chooseIdMapping(root()), { code: 'ERR_TSRUN_ID_MAP' });
  });

  it('chooses a block that no line has', () => {
    const taken = `a:${0x70000000}:65537\n`;
    assert.deepEqual(chooseRootBlock(root({ subgid: taken })), { start: 0x70020000, size: 65536 });
  });

  it('of a user namespace is the root of his containers, as any user is', () => {
    const map = [
      { inside: 0, outside: 1000, size: 1 },
      { inside: 1, outside: 100000, size: 65536 },
    ];
    const inside = { uidMap: map, gidMap: map, hostRoot: false };
    const rootBlock = chooseRootBlock(root(inside));
    assert.deepEqual(rootBlock, { start: 1, size: 65536 });
    // In the lines of its own map: the kernel takes no others.
    assert.deepEqual(lines(chooseIdMapping(root({ ...inside, rootBlock: { start: 1, size: 65536 } })).uid), [
      [0, 0, 1],
      [1, 1, 65536],
    ]);
    const alone = [{ inside: 0, outside: 1000, size: 1 }];
    assert.deepEqual(lines(chooseIdMapping(root({ uidMap: alone, gidMap: alone, hostRoot: false })).uid), [[0, 0, 1]]);
  });

  it('of a user namespace whose 0 is the host’s is not', () => {
    const map = [{ inside: 0, outside: 0, size: 70000 }];
    const mapping = chooseIdMapping(root({ uidMap: map, gidMap: map, hostRoot: true, rootBlock: { start: 1, size: 65536 } }));
    assert.deepEqual(lines(mapping.uid), [[0, 1, 65536]]);
  });

  it('is never the root of a container unless that is said in so many words', () => {
    for (const userns of ['host', 'identity', 'keep-id', 'keep-id:fast', 'keep-id:uid=5']) {
      assert.throws(() => chooseIdMapping(root({ rootBlock: BLOCK }), parseUserns({ userns })), {
        code: 'ERR_TSRUN_UNSUPPORTED',
        message: /host’s root/,
      });
    }
    const mapping = chooseIdMapping(root({ rootBlock: BLOCK }), parseUserns({ userns: 'identity:host-root' }));
    assert.deepEqual(lines(mapping.uid), [[0, 0, 4294967295]]);
    assert.match(mapping.notes[0] ?? '', /root of the host/);
  });

  it('of a namespace that is not the host’s may be itself inside', () => {
    const map = [{ inside: 0, outside: 1000, size: 1000 }];
    const mapping = chooseIdMapping(
      root({ uidMap: map, gidMap: map, hostRoot: false, rootBlock: { start: 1, size: 999 } }),
      parseUserns({ userns: 'identity' }),
    );
    assert.deepEqual(lines(mapping.uid), [[0, 0, 1000]]);
    assert.deepEqual(mapping.notes, []);
  });

  it('has no place in nomap, as in the default', () => {
    const facts = root({ rootBlock: BLOCK });
    assert.deepEqual(chooseIdMapping(facts, parseUserns({ userns: 'nomap' })), chooseIdMapping(facts));
  });

  it('gives with auto a block that nobody has, shown on the layers of the default map', () => {
    const all = root({ rootBlock: BLOCK, subuid: `a:${0x70010000}:65536\n` });
    const slice = chooseSlice(all, undefined, [{ start: 0x70020000, size: 65536, of: 'host' }]);
    assert.deepEqual(slice, { start: 0x70030000, size: 65536, of: 'host' });
    const mapping = chooseIdMapping({ ...all, slice }, parseUserns({ userns: 'auto' }));
    assert.deepEqual(lines(mapping.uid), [[0, 0x70030000, 65536]]);
    assert.deepEqual([mapping.shifted, mapping.form?.owners], [true, chooseIdMapping(all).owners]);
  });

  it('says the ids of the host with --uidmap, and is told when his own are among them', () => {
    const chosen = (...uidmap: string[]) => chooseIdMapping(root({ rootBlock: BLOCK }), parseUserns({ uidmap }));
    assert.deepEqual(lines(chosen('0:500000:1000', '5000:600000:2').gid), [
      [0, 500000, 1000],
      [5000, 600000, 2],
    ]);
    assert.deepEqual(chosen('0:500000:1000').notes, []);
    assert.match(chosen('0:0:1', '1:500000:1000').notes[0] ?? '', /root of the host/);
    assert.throws(() => chosen('0:4294967290:10'), { code: 'ERR_TSRUN_USAGE' });
  });
});

describe('keep-id:fast', () => {
  it('is the default map in which the caller and root have changed places, on its layers', () => {
    const mapping = chooseIdMapping(facts({ gid: 100 }), parseUserns({ userns: 'keep-id:fast' }));
    assert.deepEqual(lines(mapping.uid), [
      [0, 100999, 1],
      [1, 100000, 999],
      [1000, 1000, 1],
      [1001, 101000, 64536],
    ]);
    assert.deepEqual(mapping.keep, { uid: 1000, gid: 100 });
    assert.equal(mapping.form?.owners, chooseIdMapping(facts({ gid: 100 })).owners);
  });

  it('needs no subordinate ids: then there is one user, the caller', () => {
    const mapping = chooseIdMapping(facts({ subuid: '' }), parseUserns({ userns: 'keep-id:uid=7,gid=8,fast' }));
    assert.deepEqual([lines(mapping.uid), lines(mapping.gid)], [[[7, 1000, 1]], [[8, 1000, 1]]]);
    assert.deepEqual([mapping.mode, mapping.form?.owners], ['single', 'single']);
  });
});

describe('other maps of a user', () => {
  const chosen = (words: UsernsWords, more: Partial<IdFacts> = {}) => chooseIdMapping(facts(more), parseUserns(words));

  it('keep-id with other ids', () => {
    assert.deepEqual(lines(chosen({ userns: 'keep-id:uid=2,gid=0' }).uid), [
      [0, 100000, 2],
      [2, 1000, 1],
      [3, 100002, 65534],
    ]);
    assert.deepEqual(chosen({ userns: 'keep-id:uid=2,gid=0' }).keep, { uid: 2, gid: 0 });
  });

  it('identity has everybody be who he is', () => {
    const mapping = chosen({ userns: 'identity' });
    assert.deepEqual(lines(mapping.uid), [
      [1000, 1000, 1],
      [100000, 100000, 65536],
    ]);
    assert.deepEqual([mapping.keep, mapping.form?.owners], [{ uid: 1000, gid: 1000 }, chooseIdMapping(facts()).owners]);
    assert.deepEqual(lines(chosen({ userns: 'identity' }, { subuid: '' }).uid), [[1000, 1000, 1]]);
  });

  it('nomap has no place for the caller, who has a steward then', () => {
    const mapping = chosen({ userns: 'nomap' });
    assert.deepEqual(lines(mapping.uid), [[0, 100000, 65536]]);
    assert.deepEqual(mapping.steward, chooseIdMapping(facts()));
    assert.equal(chosen({ userns: 'keep-id' }).steward, undefined);
    assert.throws(() => chosen({ userns: 'nomap' }, { subuid: '' }), { code: 'ERR_TSRUN_ID_MAP' });
  });

  it('host is the default, and says so', () => {
    const { notes, ...mapping } = chosen({ userns: 'host' });
    const { notes: _, ...normal } = chooseIdMapping(facts());
    assert.deepEqual(mapping, normal);
    assert.match(notes[0] ?? '', /--userns host/);
  });

  it('auto takes the lowest of his subordinate ids that no other container has', () => {
    const { of } = chooseSlice(facts(), undefined, []);
    const taken = [
      { start: 0, size: 1024, of },
      { start: 2048, size: 1024, of },
    ];
    const slice = chooseSlice(facts(), undefined, taken);
    assert.deepEqual(slice, { start: 1024, size: 1024, of });
    const mapping = chooseIdMapping(facts({ slice }), parseUserns({ userns: 'auto' }));
    assert.deepEqual(lines(mapping.uid), [[0, 101024, 1024]]);
    assert.deepEqual(mapping.slice, slice);
    assert.deepEqual(chooseSlice(facts(), 2000, taken), { start: 3072, size: 2000, of });
    assert.throws(() => chooseSlice(facts(), 65536, taken), { code: 'ERR_TSRUN_ID_MAP' });
    const moved = facts({ subuid: `alice:300000:1024\n${facts().subuid}` });
    assert.throws(() => chooseSlice(moved, undefined, taken), { code: 'ERR_TSRUN_ID_MAP', message: /have changed/ });
  });

  it('--uidmap counts his ids from 0, with @ as the host does', () => {
    const mapping = chosen({ uidmap: ['0:1:100', '1000:0:1'], gidmap: ['0:@100005:10'] });
    assert.deepEqual(lines(mapping.uid), [
      [0, 100000, 100],
      [1000, 1000, 1],
    ]);
    assert.deepEqual(lines(mapping.gid), [[0, 100005, 10]]);
    assert.ok(mapping.steward, 'his group has no place');
    assert.equal(chosen({ uidmap: ['0:0:1'] }).mode, 'single');
    assert.throws(() => chosen({ uidmap: ['0:1:10'], gidmap: ['0:0:1'] }), { code: 'ERR_TSRUN_ID_MAP', message: /supplementary groups/ });
    assert.equal(chosen({ uidmap: ['0:0:1'], gidmap: ['0:1:10'] }).setgroups, 'allow');
    assert.throws(() => chosen({ uidmap: ['0:@5:1'] }), { code: 'ERR_TSRUN_ID_MAP' });
    assert.throws(() => chosen({ uidmap: ['0:65530:10'] }), { code: 'ERR_TSRUN_ID_MAP' });
    assert.throws(() => chosen({ uidmap: ['1:1:10'] }), { code: 'ERR_TSRUN_USAGE', message: /no id 0/ });
    assert.throws(() => chosen({ uidmap: ['0:1:10', '20:5:1'] }), { code: 'ERR_TSRUN_USAGE', message: /given twice/ });
  });
});

describe('any map', () => {
  const range = fc.tuple(fc.integer({ min: 0, max: 300000 }), fc.integer({ min: 1, max: 70000 }));
  const subordinate = (owner: string) =>
    fc.array(range, { maxLength: 5 }).map((all) => all.map(([start, size]) => `${owner}:${start}:${size}\n`).join(''));
  const outer = fc.oneof(
    fc.constant(INITIAL),
    fc
      .array(range, { minLength: 1, maxLength: 3 })
      .map((all) => all.map(([gap, size], index) => ({ inside: index * 100000 + (gap % 30000), outside: 1, size }))),
  );

  it('has positive sizes, no overlap, no host id 0, and container ids from 0 without a gap', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('alice', 'tsrun').chain((owner) => fc.tuple(fc.constant(owner), subordinate(owner), subordinate(owner))),
        fc.constantFrom('default', 'keep-id'),
        fc.integer({ min: 1, max: 3000 }),
        outer,
        ([owner, subuid, subgid], userns, id, map) => {
          const input = facts({
            subuid,
            subgid,
            uidMap: map,
            gidMap: map,
            ...(owner === 'tsrun' ? { uid: 0, gid: 0 } : { uid: id, gid: id }),
          });
          const mapping = attempt(input, owner === 'tsrun' ? 'default' : userns);
          if (!mapping) return;
          for (const ranges of [mapping.uid, mapping.gid]) {
            let next = 0;
            for (const { containerId, size, hostId } of ranges) {
              assert.ok(size > 0);
              assert.equal(containerId, next);
              assert.ok(hostId > 0 || (mapping.mode === 'single' && map !== INITIAL));
              next += size;
              const known = (host: number) => host === id || map.some((line) => host >= line.inside && host < line.inside + line.size);
              if (mapping.mode !== 'single') assert.ok(known(hostId) && known(hostId + size - 1));
            }
            const sorted = [...ranges].sort((a, b) => a.hostId - b.hostId);
            sorted.forEach((line, index) => {
              const before = sorted[index - 1];
              if (before) assert.ok(before.hostId + before.size <= line.hostId, JSON.stringify(ranges));
            });
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

function attempt(input: IdFacts, userns: string) {
  try {
    return chooseIdMapping(input, parseUserns({ userns }));
  } catch (error) {
    assert.ok(error instanceof TsrunError && error.code === 'ERR_TSRUN_ID_MAP');
    return undefined;
  }
}
