import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { writeBundleFiles } from '../../src/bundle/write.js';
import type { HostPath } from '../../src/paths.js';
import { slot } from '../../src/plan/slot.js';
import type { RuntimeSpec } from '../../src/spec/runtime.js';
import { temporaryDirectory } from '../harness/temporary.js';

const SPEC: RuntimeSpec = { ociVersion: '1.2.0', hostname: 'h', root: { path: 'rootfs' } };
const built = (spec: RuntimeSpec, text = '127.0.0.1\tlocalhost\n') => ({
  spec,
  files: [{ name: 'hosts' as const, mode: 0o644, text }],
  volumes: [],
  notes: [],
});

describe('the files of a bundle', () => {
  it('can be read by the container’s root whatever the caller’s umask is, and name the oldest version that says it all', () => {
    const directory = temporaryDirectory() as HostPath;
    const umask = process.umask(0o077);
    try {
      writeBundleFiles(directory, built(SPEC), undefined);
    } finally {
      process.umask(umask);
    }
    assert.deepEqual(JSON.parse(readFileSync(join(directory, 'config.json'), 'utf8')), { ...SPEC, ociVersion: '1.0.2' });
    for (const name of ['hosts', 'config.json']) assert.equal(statSync(join(directory, name)).mode & 0o777, 0o644, name);
  });

  it('are not written with a slot in them, which nobody would fill, and config.json is the last', () => {
    for (const unfilled of [built({ ...SPEC, hostname: slot('short-id') }), built(SPEC, `127.0.1.1\t${slot('short-id')}\n`)]) {
      const directory = temporaryDirectory() as HostPath;
      assert.throws(() => writeBundleFiles(directory, unfilled, undefined), /slot/);
      assert.ok(!existsSync(join(directory, 'config.json')));
    }
  });

  it('replace nothing that is there', () => {
    const directory = temporaryDirectory() as HostPath;
    writeBundleFiles(directory, built(SPEC), undefined);
    assert.throws(() => writeBundleFiles(directory, built(SPEC), undefined), { code: 'EEXIST' });
  });
});
