/** The main job: what a container is, and what of the host it cannot see or change. */
import assert from 'node:assert/strict';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { describe, it } from 'node:test';
import { type Identity, identities, identity } from '../../harness/identity.js';
import { busyboxImage } from '../../harness/images.js';
import { nodeVersions } from '../../harness/nodes.js';
import { execute } from '../../harness/process.js';
import { sandbox } from '../../harness/tsrun.js';
import { assertNothingLeft, firstProcessOf, type Place, place } from './place.js';

const NAMESPACES = ['user', 'mnt', 'pid', 'net', 'ipc', 'uts', 'cgroup'];
const hostNamespaces = () => NAMESPACES.map((name) => readlinkSync(`/proc/self/ns/${name}`));
const mountTable = () => readFileSync('/proc/self/mountinfo', 'utf8');

/** Prints what it finds, a heading before each; then stays until its standard input ends. */
const PORTRAIT = `
section() { echo "== $1"; }
section namespaces; for name in ${NAMESPACES.join(' ')}; do readlink /proc/self/ns/$name; done
section pid; echo $$
section ids; id -u; id -g
section uid_map; cat /proc/self/uid_map
section gid_map; cat /proc/self/gid_map
section hostname; hostname; cat /etc/hostname; cat /proc/sys/kernel/hostname
section mounts; cat /proc/self/mountinfo
section processes; cat /proc/[0-9]*/comm 2>/dev/null
section root; stat -c %d:%i /; stat -c %d:%i /..
section interfaces; ls /sys/class/net
section done
cat
`;

async function portrait(where: Place, flags: string[] = []) {
  const running = where.start(['-i', ...flags, where.image, 'sh', '-c', PORTRAIT], { input: 'open' });
  await running.waitFor(/== done/);
  const sections = new Map<string, string[]>();
  for (const part of running.stdout().split('== ').slice(1)) {
    const [name = '', ...lines] = part.trimEnd().split('\n');
    sections.set(name, lines);
  }
  const pid = firstProcessOf(running);
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const end = async () => {
    running.child.stdin?.end();
    const { code, stderr } = await running.finished;
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  };
  return { of: (name: string) => sections.get(name) ?? [], pid, status, end };
}

type Range = [inside: number, outside: number, size: number];
const ranges = (lines: string[]) => lines.map((line) => line.trim().split(/\s+/).map(Number) as Range);

/** The map that the identity should have, in words of /etc/subuid. */
function expectedMap({ name, user, uid }: Identity, actual: Range[], file: '/etc/subuid' | '/etc/subgid', id: number): Range[] {
  if (name === 'single') return [[0, id, 1]];
  const owner = name === 'root' ? '(?:tsrun|containers)' : `(?:${user}|${uid})`;
  const line = readFileSync(file, 'utf8').match(new RegExp(`^${owner}:(\\d+):(\\d+)$`, 'm'));
  if (name === 'root') return line ? [[0, Number(line[1]), 65536]] : [[0, actual[0]?.[1] ?? 0, 65536]]; // a block that was free
  return [
    [0, id, 1],
    [1, Number(line?.[1]), Number(line?.[2])],
  ];
}

for (const who of identities()) {
  for (const node of nodeVersions()) {
    const skip = who.unavailable ?? node.unavailable ?? false;
    it(`as ${who.name}, on Node ${node.line}: a container has seven namespaces of its own, pid 1, uid 0, its map, and sees nothing of the host`, {
      skip,
    }, async (t) => {
      t.diagnostic(`as ${who.name} (uid ${who.uid}), Node ${node.line}`);
      await using where = await place(who, node);
      const before = { mounts: mountTable(), hostname: hostname(), namespaces: hostNamespaces() };
      const seen = await portrait(where);

      const inside = seen.of('namespaces');
      assert.equal(inside.length, NAMESPACES.length);
      for (const [index, inode] of inside.entries()) assert.notEqual(inode, before.namespaces[index]);
      for (const [index, name] of NAMESPACES.entries()) assert.equal(readlinkSync(`/proc/${seen.pid}/ns/${name}`), inside[index]);

      assert.deepEqual(seen.of('pid'), ['1']);
      assert.match(seen.status, new RegExp(`^NSpid:\\s+${seen.pid}\\s+1$`, 'm'));
      assert.deepEqual(seen.of('ids'), ['0', '0']);
      const uids = ranges(seen.of('uid_map'));
      const gids = ranges(seen.of('gid_map'));
      assert.deepEqual(uids, expectedMap(who, uids, '/etc/subuid', who.uid));
      assert.deepEqual(gids, expectedMap(who, gids, '/etc/subgid', who.gid));
      for (const [, outside] of [...uids, ...gids]) assert.ok(outside > 0, 'no host id 0 in a map');
      const host = uids[0]?.[1];
      assert.match(seen.status, new RegExp(`^Uid:\\s+${host}\\s+${host}\\s+${host}\\s+${host}$`, 'm'));
      assert.match(readFileSync(`/proc/${seen.pid}/uid_map`, 'utf8'), new RegExp(`^\\s+0\\s+${host}\\s`));

      assert.deepEqual(new Set(seen.of('hostname')).size, 1);
      assert.match(seen.of('hostname')[0] ?? '', /^[0-9a-f]{12}$/);
      assert.equal(hostname(), before.hostname);

      assert.deepEqual(foreignMounts(seen.of('mounts')), ['/etc/hostname', '/etc/hosts', '/etc/resolv.conf']);
      assert.equal(mountTable(), before.mounts, 'the host mounts nothing for it');
      for (const command of seen.of('processes')) assert.match(command, /^(sh|cat)$/);
      assert.ok(seen.of('processes').length <= 3);
      assert.equal(seen.of('root')[0], seen.of('root')[1], '/.. is /');
      assert.match(seen.of('interfaces').join(), /^(eth0,)?lo$/, 'its own, or its network program’s');

      const listed = await where.box.tsrun(['ps', '--json']);
      assert.equal(JSON.parse(listed.stdout)[0].pid, seen.pid);
      await seen.end();
      assert.equal(mountTable(), before.mounts);
      await assertNothingLeft(where.box);
    });
  }
}

/**
 * Mount points of file systems that were there before the container: not its own overlay, tmpfs, proc, sysfs, devpts, mqueue or cgroup view,
 * and no device node. mountinfo's fields: proc(5).
 */
function foreignMounts(lines: string[]): string[] {
  const foreign = lines.filter((line) => {
    const [, , device = '', root = '', point = ''] = line.split(' ');
    const [type = ''] = line.split(' - ')[1]?.split(' ') ?? [];
    if (type === 'devtmpfs') return !/^\/(null|zero|full|random|urandom|tty)$/.test(root);
    if (type === 'cgroup2') return point !== '/sys/fs/cgroup';
    if (type === 'proc') return !point.startsWith('/proc');
    return !['overlay', 'tmpfs', 'sysfs', 'devpts', 'mqueue'].includes(type) || hostDevices().has(device);
  });
  return foreign.map((line) => line.split(' ')[4] ?? '').sort();
}

function hostDevices(): Set<string> {
  return new Set(
    mountTable()
      .split('\n')
      .map((line) => line.split(' ')[2] ?? ''),
  );
}

describe('identities that are asked for', () => {
  const range = identity('range');
  it('--userns keep-id: the caller has his own ids inside, and still no host id 0', { skip: range.unavailable ?? false }, async () => {
    await using where = await place(range);
    const seen = await portrait(where, ['-q', '--userns', 'keep-id']);
    assert.deepEqual(seen.of('ids'), [String(range.uid), String(range.gid)]);
    const map = ranges(seen.of('uid_map'));
    assert.deepEqual(
      map.find(([inside]) => inside === range.uid),
      [range.uid, range.uid, 1],
    );
    for (const [, outside] of map) assert.ok(outside > 0);
    assert.match(seen.status, new RegExp(`^Uid:\\s+${range.uid}\\s+${range.uid}\\s`, 'm'));
    await seen.end();
  });

  const root = identity('root');
  it('as root, --userns host and identity are refused', { skip: root.unavailable ?? false }, async () => {
    await using box = sandbox(root);
    const { reference } = await busyboxImage();
    for (const userns of ['host', 'identity']) {
      const { code, stderr } = await box.tsrun(['run', '--rm', '--userns', userns, reference, 'true']);
      assert.equal(code, 125);
      assert.match(stderr, new RegExp(`^tsrun: --userns ${userns} would put the host’s root into the container`));
    }
  });

  for (const who of identities()) {
    it(`as ${who.name}, --network host: the host's network namespace, and the other six are its own`, {
      skip: who.unavailable ?? false,
    }, async () => {
      await using where = await place(who);
      const seen = await portrait(where, ['--network', 'host']);
      const shared = NAMESPACES.filter((_, index) => seen.of('namespaces')[index] === hostNamespaces()[index]);
      assert.deepEqual(shared, ['net']);
      assert.equal(seen.of('hostname')[0], hostname());
      const interfaces = await execute(['ls', '/sys/class/net']);
      assert.deepEqual(seen.of('interfaces'), interfaces.stdout.trimEnd().split('\n'));
      await seen.end();
    });
  }
});
