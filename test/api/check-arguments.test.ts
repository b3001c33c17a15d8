import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, it } from 'node:test';
import { checkArguments } from '../../src/api/check-arguments.js';
import * as tsrun from '../../src/index.js';

const loose = (words: object, options: unknown) => checkArguments(words, options as { signal?: AbortSignal });
const refuses = (options: unknown, message: RegExp) => assert.throws(() => loose({}, options), { code: 'ERR_TSRUN_USAGE', message });

describe('what programs hand to the library', () => {
  it('is taken when it is of its kind; undefined is as good as absent', () => {
    const options = {
      user: '5',
      env: ['A=1'],
      entrypoint: ['sh', '-c'],
      rm: false,
      stopTimeout: 3,
      pull: 'never',
      onNote: () => {},
      name: undefined,
    };
    assert.equal(loose({ image: 'alpine', command: [] }, options), options);
    loose({}, { entrypoint: '' });
  });

  it('is refused by name when it is not', () => {
    refuses({ user: 5 }, /^user is to be a string, not 5$/);
    refuses({ env: 'A=secret' }, /^env is to be an array of strings, not a string$/);
    refuses({ env: ['A', 1] }, /^env is to be an array of strings, not such an array$/);
    refuses({ env: { A: '1' } }, /^env is to be an array of strings, not an object$/);
    refuses({ entrypoint: 1 }, /^entrypoint is to be a string or an array of strings, not 1$/);
    refuses({ rm: 'yes' }, /^rm is to be true or false, not a string$/);
    refuses({ stopTimeout: Number.NaN }, /^stopTimeout is to be a number, not NaN$/);
    refuses({ logDriver: 'bogus' }, /^logDriver is to be "json-file" or "none", not a string$/);
    refuses({ signal: new AbortController() }, /^signal is to be an AbortSignal, not an object$/);
    refuses({ onNote: null }, /^onNote is to be a function, not null$/);
    refuses({ readonly: true }, /^there is no option "readonly"$/);
    for (const options of [null, 5, 'rm', []]) refuses(options, /^options is to be an object/);
    assert.throws(() => loose({ command: 'ls -l' }, {}), { message: 'command is to be an array of strings, not a string' });
    assert.throws(() => loose({ image: undefined }, {}), { message: 'image is to be a string, not undefined' });
  });

  it('may share one signal among any number of calls', () => {
    const { signal } = new AbortController();
    for (let count = 0; count < 20; count += 1) loose({}, { signal }).signal?.addEventListener('abort', () => {});
    assert.equal(getEventListeners(signal, 'abort').length, 0);
  });

  it('is looked at by every function before anything is done', async () => {
    const bad = { root: 5 } as never;
    const { run, runDetached, createContainer, exec, execDetached, writeBundle, pull, inspectImage, removeImage } = tsrun;
    const { inspectContainer, removeContainer, startContainer, stopContainer, killContainer } = tsrun;
    const { waitContainer, restartContainer, pauseContainer, unpauseContainer, sizeOfContainer } = tsrun;
    const calls = [
      ...[run, runDetached, createContainer, exec, execDetached].map((verb) => () => verb('alpine', ['true'], bad)),
      ...[pull, inspectImage, removeImage, inspectContainer, removeContainer, startContainer].map((verb) => () => verb('alpine', bad)),
      ...[stopContainer, killContainer, waitContainer, restartContainer, pauseContainer].map((verb) => () => verb('alpine', bad)),
      () => unpauseContainer('alpine', bad),
      () => tsrun.searchTags('alpine', bad),
      () => sizeOfContainer('alpine', bad),
      () => tsrun.renameContainer('alpine', 'other', bad),
      () => tsrun.containerPorts('alpine', undefined, bad),
      ...[tsrun.createVolume, tsrun.inspectVolume, tsrun.removeVolume].map((verb) => () => verb('data', bad)),
      ...[tsrun.volumes, tsrun.pruneVolumes].map((verb) => () => verb(bad)),
      ...[tsrun.copyFromContainer, tsrun.copyToContainer].map((verb) => () => verb('one', 'two', 'three', bad)),
      () => tsrun.archiveFromContainer('alpine', '/', bad),
      () => tsrun.archiveToContainer([], 'alpine', '/', bad),
      ...[tsrun.containerChanges, tsrun.commitContainer, tsrun.exportContainer, tsrun.importImage].map((verb) => () => verb('alpine', bad)),
      () => tsrun.images(bad),
      () => tsrun.doctor(bad),
      () => tsrun.containers(bad),
      () => tsrun.logs('alpine', bad).next(),
      ...[tsrun.pruneContainers, tsrun.pruneSystem, tsrun.storeContents, tsrun.resetSystem].map((verb) => () => verb(bad)),
      ...[tsrun.containerProcesses, tsrun.generateSystemd].map((verb) => () => verb('alpine', bad)),
      ...[tsrun.login, tsrun.logout, tsrun.loggedInAs].map((verb) => () => verb('quay.io', bad)),
      () => tsrun.logoutAll(bad),
      () => tsrun.events(bad).next(),
      () => tsrun.stats([], bad).next(),
      ...[writeBundle, tsrun.unpackImage].map((verb) => () => verb('alpine', '/nowhere', bad)),
      () => tsrun.imageHistory('alpine', bad),
      () => tsrun.saveImages(['alpine'], '/nowhere', bad),
      () => tsrun.push('alpine', undefined, bad),
      () => tsrun.copyImage('alpine', 'other', bad),
      () => tsrun.loadImages('/nowhere', bad),
      ...[tsrun.tagImage, tsrun.untagImage].map((verb) => () => verb('alpine', ['other'], bad)),
      ...[tsrun.pruneImages, tsrun.diskUsage, tsrun.checkStore, tsrun.gc].map((verb) => () => verb(bad)),
    ];
    const verbs = Object.entries(tsrun).filter(
      ([name, value]) => /^(?!compile|explain|assert|docker|split|glance|doctor[A-Z]|[A-Z])/.test(name) && typeof value === 'function',
    );
    assert.equal(calls.length, verbs.length, 'every verb is called here');
    for (const call of calls)
      await assert.rejects(call, { name: 'TsrunError', code: 'ERR_TSRUN_USAGE', message: 'root is to be a string, not 5' });
  });
});
