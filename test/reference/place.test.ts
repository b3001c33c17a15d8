import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePlace } from '../../src/reference/place.js';

test('a bare name is an image of the store, every other place has its transport', () => {
  for (const name of ['alpine', 'host:5000/team/app:1', 'sha256:1234', 'localhost/x@y']) {
    assert.deepEqual(parsePlace(name), { transport: 'store', name });
  }
  assert.deepEqual(parsePlace('docker://alpine'), {
    transport: 'docker',
    registry: 'docker.io',
    repository: 'library/alpine',
    tag: 'latest',
  });
  assert.deepEqual(parsePlace('oci:./dir:1'), { transport: 'oci', path: './dir', ref: '1' });
  assert.deepEqual(parsePlace('dir:a:b'), { transport: 'dir', path: 'a:b' });
});

test('what is another tool’s, or nothing, is refused with the words to write instead', () => {
  for (const text of ['', 'containers-storage:alpine', 'docker-daemon:alpine:latest', 'https://host/app', 'oci:', 'docker://']) {
    assert.throws(() => parsePlace(text), { code: 'ERR_TSRUN_REFERENCE_INVALID' }, text);
  }
  assert.throws(() => parsePlace('containers-storage:alpine'), /the transport containers-storage: is not supported/);
});
