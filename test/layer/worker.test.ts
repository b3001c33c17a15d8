import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { lsetxattr } from '../../src/sys/files.js';
import { below, bundledWorker, fresh, freshDirectory, hasCommand, IN_NAMESPACE, look, needsRoot, unpack, writeMaps } from './harness.js';
import { archive, device, digestOf, directory, fifo, file, hardlink, pax, symlink } from './tar-builder.js';

const FIRST = 100_000;
const RANGE = `0 ${FIRST} 65536\n65536 0 1\n`;

/** The cage as the helper makes it for root: container ids on a range of the host's, the caller's own id above them. */
const inRange = () => {
  const target = freshDirectory();
  chownSync(target, FIRST, FIRST);
  return { target, ids: 'range', become: true, wrapper: IN_NAMESPACE, prepare: (pid: number) => writeMaps(pid, RANGE) } as const;
};

const OWNED = archive(
  directory('./', { uid: 3, gid: 4, mode: 0o751 }),
  directory('home', { uid: 1000, gid: 1000, mode: 0o700 }),
  file('home/f', 'x', { uid: 1000, gid: 100, mode: 0o4755 }),
  symlink('home/l', 'f', { uid: 65535, gid: 65535 }),
  hardlink('home/h', 'home/f'),
  fifo('home/p', { uid: 7 }),
  pax({ 'SCHILY.xattr.security.capability': Buffer.from('0100000200200000000000000000000000000000', 'hex'), 'SCHILY.xattr.user.x': 'y' }),
  file('home/ping', 'x', { uid: 1, mode: 0o755 }),
);

describe('in a user namespace with a range of ids', { skip: needsRoot }, () => {
  test('owners, modes, links and attributes equal what GNU tar makes in the same namespace', async () => {
    const ours = await unpack(OWNED, inRange());
    assert.equal(ours.error, undefined);
    assert.deepEqual(ours.done?.root, { mode: 0o751, uid: 3, gid: 4, mtime: '1600000000000000000' });

    const { target, prepare } = inRange();
    const archivePath = fresh('tar');
    writeFileSync(archivePath, OWNED);
    const gnu = gnuInNamespace(target, archivePath, prepare);
    assert.deepEqual(look(ours.target), look(await gnu));
    assert.equal(look(ours.target)['home/l']?.owner, `${FIRST + 65535}:${FIRST + 65535}`);
    assert.equal(look(ours.target)['home/f']?.mode, '4755');
  });

  test('devices are left out and reported but for those below /dev, with hard links to them; whiteouts are made', async () => {
    const layer = archive(
      directory('dev'),
      directory('srv'),
      device('srv/null', 1, 3),
      hardlink('srv/zero', 'srv/null'),
      device('dev/null', 1, 3),
      hardlink('dev/zero', 'dev/null'),
      device('dev/sda', 8, 0, '4'),
      file('dev/.wh.x'),
    );
    const { target, done, error } = await unpack(layer, inRange());
    assert.equal(error, undefined);
    assert.deepEqual(done?.skippedDevices, ['srv/null', 'srv/zero']);
    assert.deepEqual(Object.keys(below(look(target))), ['dev', 'dev/x', 'srv']);
    assert.equal(look(target)['dev/x']?.device, '0');
  });

  test('ids outside of the map are one error that lists them all, with the ways out', async () => {
    const owners = [{ uid: 70_000 }, { uid: 4 }, { uid: 66_000, gid: 4_000_000 }, { uid: 70_000, gid: 5 }];
    const layer = archive(
      ...owners.map((owner, index) => file(`f${index}`, '', owner)),
      directory('d', { gid: 80_000 }),
      symlink('l', 'x', { gid: 5 }),
    );
    const { error } = await unpack(layer, inRange());
    assert.equal(error?.code, 'ERR_TSRUN_ID_MAP');
    assert.equal(
      error?.message,
      "the image has files of uid 66000, 70000 and gid 80000, 4000000, which the container's id map does not hold",
    );
    assert.equal(error?.subject, 'f0');
    assert.match(error?.hint ?? '', /up to container id 4000000 .*--add-subuids.* --uidmap and --gidmap, .* image unpack --owners caller$/);
    const many = archive(...Array.from({ length: 200 }, (_, index) => file('f', '', { uid: 70_000 + (index % 100) })));
    assert.match((await unpack(many, inRange())).error?.message ?? '', /of uid 70000, .*, 70009 and others, which/);
  });
});

async function gnuInNamespace(target: string, archivePath: string, prepare: (pid: number) => void): Promise<string> {
  const [command = '', ...args] = [
    ...IN_NAMESPACE,
    'setpriv',
    '--reuid=0',
    '--regid=0',
    '--clear-groups',
    'tar',
    '-xpf',
    '-',
    '--numeric-owner',
    '--same-owner',
    '--xattrs',
    '--xattrs-include=*',
  ];
  // The line that IN_NAMESPACE waits for, and then the archive, on one standard input.
  const child = spawn(command, args, { cwd: target, stdio: ['pipe', 'inherit', 'inherit'] });
  await once(child, 'spawn');
  prepare(child.pid as number);
  child.stdin.write('go\n');
  child.stdin.end(readFileSync(archivePath));
  const [status] = await once(child, 'close');
  assert.equal(status, 0);
  return target;
}

test('with a single id owners are left out and counted, modes kept', async () => {
  const { target, done, error } = await unpack(OWNED, { ids: 'single', wrapper: ['unshare', '-r'], become: true });
  assert.equal(error, undefined);
  assert.equal(done?.squashedOwners, 6);
  const seen = look(target);
  for (const { owner } of Object.values(seen)) assert.equal(owner, '0:0');
  assert.equal(seen['home/f']?.mode, '4755');
});

test('the tree is the same under every compression', async () => {
  const plain = archive(directory('d'), file('d/f', 'contents '.repeat(100_000)), symlink('l', 'd/f'));
  const blobs: Buffer[] = [gzipSync(plain)];
  if (hasCommand('zstd')) blobs.push(execFileSync('zstd', ['-c', '-q'], { input: plain }));
  const expected = below(look((await unpack(plain)).target));
  for (const blob of blobs) {
    const { target, error } = await unpack(blob, { diffId: digestOf(plain) as never, syncTo: true });
    assert.equal(error, undefined);
    assert.deepEqual(below(look(target)), expected);
  }
});

describe('what the blob must be', () => {
  const tar = archive(file('a', 'x'));
  test('its contents have the promised digest, to the last byte behind the end', async () => {
    const other = Buffer.concat([tar, Buffer.alloc(512)]);
    const { error, status } = await unpack(other, { diffId: digestOf(tar) as never });
    assert.equal(error?.code, 'ERR_TSRUN_LAYER_DIFF_ID');
    assert.match(error?.message ?? '', new RegExp(digestOf(other)));
    assert.equal(status, 1);
    assert.equal((await unpack(other)).error, undefined);
  });
  test('it has the promised size', async () => {
    for (const size of [tar.length - 1, tar.length + 1, 0, -1])
      assert.equal((await unpack(tar, { size })).error?.code, 'ERR_TSRUN_BLOB_SIZE');
  });
  test('it has a known media type', async () => {
    assert.equal((await unpack(tar, { mediaType: 'application/x-tar' })).error?.code, 'ERR_TSRUN_MEDIA_TYPE');
  });
  test('it is a file, and no link to one', async () => {
    const link = fresh('link');
    symlinkSync('/etc/passwd', link);
    assert.equal((await unpack(link, { size: statSync('/etc/passwd').size })).error?.code, 'ERR_TSRUN_BLOB_MISSING');
    assert.equal((await unpack(freshDirectory())).error?.code, 'ERR_TSRUN_BLOB_SIZE');
  });
});

test('progress counts compressed bytes upwards, not more than ten times a second', async () => {
  const tar = archive(file('a', Buffer.alloc(40_000_000, 'x')));
  const started = performance.now();
  const { progress, done } = await unpack(tar);
  const seconds = (performance.now() - started) / 1000;
  assert.equal(done?.bytes, 40_000_000);
  assert.ok(progress.length >= 1 && progress.length <= 10 * seconds + 1, `${progress.length} in ${seconds} s`);
  assert.deepEqual(
    progress,
    [...progress].sort((a, b) => a - b),
  );
  assert.ok((progress.at(-1) as number) <= tar.length);
});

test("a default ACL of the store's own place does not reach the layer's modes", async () => {
  const target = freshDirectory();
  // posix_acl_xattr.h: version 2; user, group and others with all, none and none.
  const entry = (tag: number, permissions: number) => [tag, 0, permissions, 0, 0xff, 0xff, 0xff, 0xff];
  lsetxattr(target, 'system.posix_acl_default', Buffer.from([2, 0, 0, 0, ...entry(1, 7), ...entry(4, 0), ...entry(0x20, 0)]));
  chmodSync(target, 0o700);
  await unpack(archive(directory('d', { mode: 0o775 }), file('d/f', '', { mode: 0o666 })), { target });
  assert.equal(look(target)['d']?.mode, '775');
  assert.equal(look(target)['d/f']?.mode, '666');
  assert.equal(look(target)['.']?.mode, '755');
  assert.equal(look(target)['d']?.xattrs, undefined);
});

test('a full disk is named as such, whatever it is that finds no room', { skip: needsRoot }, async () => {
  const layer = archive(
    directory('d'),
    symlink('d/l', 'x'.repeat(100)),
    pax({ 'SCHILY.xattr.user.x': Buffer.alloc(500) }),
    file('d/f', 'x'.repeat(5000)),
    hardlink('d/h', 'd/f'),
    fifo('d/p'),
    directory('e'),
    file('.wh.g'),
    file('large', Buffer.alloc(100_000)),
  );
  const on = (options: string) => [
    'unshare',
    '--mount',
    '--propagation',
    'private',
    'sh',
    '-c',
    `mount -t tmpfs -o ${options} tmpfs "$PWD" && cd "$PWD" && exec "$@"`,
    'sh',
  ];
  const full = async (options: string) => {
    const { error, done } = await unpack(layer, { wrapper: on(options) });
    if (error === undefined) assert.ok(done);
    else assert.deepEqual([error.code, error.message.startsWith('no space left while unpacking ')], ['ERR_TSRUN_DISK_FULL', true]);
    return error !== undefined;
  };
  const inodes = await Promise.all(Array.from({ length: 11 }, (_, index) => full(`nr_inodes=${index + 1}`)));
  assert.ok(inodes.slice(1, 8).every(Boolean) && !inodes.at(-1), `${inodes}`);
  const sizes = await Promise.all([4, 8, 12, 64, 1024].map((size) => full(`size=${size}k`)));
  assert.ok(sizes[0] && sizes[3] && !sizes.at(-1), `${sizes}`);
});

test('nobody listening on descriptor 3 ends the program at once', async () => {
  const result = spawnSync(process.execPath, [await bundledWorker(), '{}'], { stdio: ['ignore', 'ignore', 'ignore'] });
  assert.equal(result.status, 1);
});
