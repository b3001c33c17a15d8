import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { nameOf } from '../../src/container/name.js';
import { findContainer, listContainers, readConfig } from '../../src/container/state.js';
import { type HostPath, type StorePaths, storePaths } from '../../src/paths.js';
import { tryLockDirectory } from '../../src/sys/flock.js';
import { temporaryDirectory } from '../harness/temporary.js';

const emptyStore = () => storePaths({ data: temporaryDirectory() as HostPath, run: temporaryDirectory() as HostPath });
const idOf = (digits: string) => digits.padEnd(64, '0');

function addContainer(parent: HostPath, id: string, status?: object | string): HostPath {
  const directory = join(parent, id) as HostPath;
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'config.json'), '{}');
  if (status !== undefined) writeFileSync(join(directory, 'status.json'), typeof status === 'string' ? status : JSON.stringify(status));
  return directory;
}

function nameIt(paths: StorePaths, directory: HostPath, name: string): void {
  mkdirSync(paths.names, { recursive: true });
  symlinkSync(directory, join(paths.names, name));
}

const stopped = (created: string) => ({ image: 'alpine', command: ['sh'], created, status: 'stopped', exitCode: '3' });

function twoContainers(): StorePaths {
  const paths = emptyStore();
  nameIt(paths, addContainer(paths.containers, idOf('aa1'), stopped('2024-01-01T00:00:00Z')), 'older');
  nameIt(paths, addContainer(paths.containers, idOf('aa2'), stopped('2024-02-01T00:00:00Z')), 'newer');
  return paths;
}

describe('the containers of a store', () => {
  it('are none in a store that is new', () => {
    assert.deepEqual(listContainers(emptyStore()), []);
  });

  it('are listed the newest first, with what status.json says; numbers are numbers', () => {
    const [first, second] = listContainers(twoContainers());
    assert.deepEqual([first?.name, second?.name], ['newer', 'older']);
    assert.deepEqual([first?.status, first?.exitCode, first?.rm], ['stopped', 3, false]);
  });

  it('run only while their lock is held, whatever status.json says', () => {
    const paths = emptyStore();
    const directory = addContainer(paths.containers, idOf('b'), { status: 'running', pid: '1', startTime: '1', created: '' });
    assert.deepEqual(
      listContainers(paths).map(({ status, pid }) => [status, pid]),
      [['stopped', undefined]],
    );
    const lock = tryLockDirectory(directory, 'exclusive');
    assert.deepEqual(
      listContainers(paths).map(({ status, pid }) => [status, pid]),
      [['running', 1]],
    );
    lock?.release();
  });

  it('have stopped once status.json says so, also while somebody still cleans up', () => {
    const paths = emptyStore();
    const lock = tryLockDirectory(addContainer(paths.containers, idOf('f'), stopped('')), 'exclusive');
    assert.deepEqual(
      listContainers(paths).map(({ status, exitCode }) => [status, exitCode]),
      [['stopped', 3]],
    );
    lock?.release();
  });

  it('that are just being made are `creating`, with a name of their own', () => {
    const paths = emptyStore();
    const directory = join(paths.transient, idOf('c'));
    mkdirSync(directory, { recursive: true });
    mkdirSync(paths.unlocked(idOf('d')));
    const lock = tryLockDirectory(directory as HostPath, 'exclusive');
    assert.deepEqual(
      listContainers(paths).map(({ status, name, rm }) => [status, name, rm]),
      [['creating', nameOf(idOf('c')), true]],
    );
    lock?.release();
  });

  it('are listed also when one of them is damaged, or something else lies there', () => {
    const paths = twoContainers();
    const damaged = addContainer(paths.containers, idOf('dd'), '{"name":');
    utimesSync(damaged, 1, 1);
    mkdirSync(join(paths.containers, 'lost+found'));
    assert.deepEqual(
      listContainers(paths)
        .map(({ name }) => name)
        .sort(),
      ['newer', 'older', nameOf(idOf('dd'))].sort(),
    );
  });
});

describe('a container', () => {
  it('is found by its name, its id, or the beginning of that', () => {
    const paths = twoContainers();
    for (const text of ['older', idOf('aa1'), 'aa1']) assert.equal(findContainer(paths, text).name, 'older');
  });

  it('is not found by digits that two of them begin with, nor by a part of a name', () => {
    const paths = twoContainers();
    assert.throws(() => findContainer(paths, 'aa'), { code: 'ERR_TSRUN_CONTAINER_AMBIGUOUS', message: /2 containers/ });
    for (const text of ['old', 'nope', '', 'ff'])
      assert.throws(() => findContainer(paths, text), { code: 'ERR_TSRUN_CONTAINER_NOT_FOUND' }, text);
  });

  it('whose config.json is damaged says how to get rid of it', () => {
    const directory = addContainer(emptyStore().containers, idOf('e'));
    writeFileSync(join(directory, 'config.json'), '{');
    assert.throws(() => readConfig({ directory, name: 'bad' }), {
      code: 'ERR_TSRUN_STORE_UNREADABLE',
      hint: 'remove the container: tsrun rm -f bad',
    });
  });
});
