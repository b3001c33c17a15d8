/** The helper's copy of a tree: everything that can be seen of it, and how it lies on the disk. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Operation } from '../../src/plan/operations.js';
import { launch } from '../../src/runtime/spawn.js';
import { lsetxattr, utimensat } from '../../src/sys/files.js';
import { inCheckout } from '../harness/checkout.js';
import { removeTemporary, temporaryDirectory } from '../harness/temporary.js';
import { look } from '../layer/look.js';

process.env['TSRUN_HELPER'] = inCheckout('native/build/asan/tsrun-helper');

async function copied(source: string): Promise<string> {
  const target = temporaryDirectory();
  const operations: Operation[] = [
    ['umask', 0],
    ['copy-tree', source, target],
  ];
  assert.equal(await launch({ processes: [{ name: 'parent', operations }] }, ['ignore', 'inherit', 'inherit']).ended, 0);
  return target;
}

test('kinds, modes, links, times, attributes and names of one file', async () => {
  const source = temporaryDirectory();
  const at = (name: string) => join(source, name);
  mkdirSync(at('directory'));
  writeFileSync(at('directory/file'), 'contents');
  writeFileSync(at('program'), 'x'.repeat(200_000));
  symlinkSync('../no/where', at('link'));
  execFileSync('mkfifo', [at('pipe')]);
  lsetxattr(at('program'), 'user.one', Buffer.from('1'));
  lsetxattr(at('directory'), 'user.two', Buffer.alloc(3000, 2));
  // More names than the first table holds.
  for (let index = 0; index < 700; index++) {
    writeFileSync(at(`directory/${index}`), String(index));
    linkSync(at(`directory/${index}`), at(`other-${index}`));
  }
  linkSync(at('link'), at('same-link'));
  for (const [name, mode] of [
    ['program', 0o4751],
    ['pipe', 0o604],
    ['directory/file', 0],
    ['directory', 0o2511],
  ] as const)
    chmodSync(at(name), mode);
  for (const name of ['program', 'link', 'pipe', 'directory', '.']) utimensat(at(name), { atime: 5n, mtime: 1_234_567_890_123_456_789n });
  const target = await copied(source);
  assert.deepEqual(look(target), look(source));
  chmodSync(at('directory'), 0o700);
  chmodSync(join(target, 'directory'), 0o700);
});

test('holes stay holes', async () => {
  const source = temporaryDirectory();
  const file = join(source, 'sparse');
  const fd = openSync(file, 'w');
  writeSync(fd, 'middle', 40 * 2 ** 20);
  truncateSync(file, 100 * 2 ** 20 + 1);
  writeFileSync(join(source, 'empty'), '');
  writeFileSync(join(source, 'only-a-hole'), '');
  truncateSync(join(source, 'only-a-hole'), 10 * 2 ** 20);
  const target = await copied(source);
  assert.deepEqual(look(target), look(source));
  assert.ok(lstatSync(join(target, 'sparse')).blocks <= lstatSync(file).blocks + 8);
  assert.ok(lstatSync(join(target, 'only-a-hole')).blocks <= 8);
});

test('a tree as deep as a layer may be', async () => {
  const source = temporaryDirectory();
  let path = source;
  for (let depth = 0; depth < 1000; depth++) {
    path = join(path, 'd');
    mkdirSync(path);
  }
  writeFileSync(join(path, 'bottom'), 'here');
  utimesSync(path, 1, 2);
  const target = await copied(source);
  assert.deepEqual(look(target), look(source));
  for (const deep of [source, target]) removeTemporary(deep);
});

test('what cannot be copied is named', async () => {
  const source = temporaryDirectory();
  const target = temporaryDirectory();
  mkdirSync(join(source, 'directory'));
  mkdirSync(join(target, 'directory'));
  writeFileSync(join(source, 'directory/file'), 'new');
  const operations: Operation[] = [['copy-tree', source, target]];
  await assert.rejects(launch({ processes: [{ name: 'parent', operations }] }, ['ignore', 'inherit', 'inherit']).ended, /directory/);
});
