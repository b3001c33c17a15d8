import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mountAnnotations, readContainerMounts, type UserMountsInput, userMounts } from '../../src/bundle/user-mounts.js';
import { jsonTemplateOf, slot } from '../../src/plan/slot.js';
import type { RuntimeSpec } from '../../src/spec/runtime.js';

const ask = (more: Partial<UserMountsInput> = {}) =>
  userMounts({ options: {}, inherited: [], imageVolumes: undefined, volumesDir: '/v', facts: { recursiveReadOnly: true }, ...more });
const BIND = { type: 'bind', options: ['rbind', 'rprivate', 'nosuid', 'nodev'] };

/** Another container, as its config.json says. */
function other(): { spec: RuntimeSpec; mounts: ReturnType<typeof readContainerMounts> } {
  const { mounts, containerMounts } = ask({ options: { volume: ['/host:/host', 'data:/data', '/own'], tmpfs: ['/t'] } });
  const named = (text: string) => text.replace(slot('new-id:0'), 'a1b2');
  const spec = JSON.parse(named(JSON.stringify({ ociVersion: '1.2.0', mounts }).replaceAll('\\u0000', '\0'))) as RuntimeSpec;
  return { spec, mounts: containerMounts.map((mount) => ({ ...mount, ...(mount.volume ? { volume: named(mount.volume) } : {}) })) };
}

describe('the mounts of a run', () => {
  it('are directories, volumes by name and volumes of their own', () => {
    const { mounts, containerMounts, volumes } = ask({ options: { volume: ['data:/a', '/b', '/c:/c:U', 'bare:/d:nocopy'], rm: true } });
    assert.deepEqual(mounts, [
      { destination: '/a', source: '/v/data/_data', ...BIND },
      { destination: '/b', source: `/v/${slot('new-id:0')}/_data`, ...BIND },
      { destination: '/c', source: '/c', ...BIND },
      { destination: '/d', source: '/v/bare/_data', ...BIND },
    ]);
    assert.deepEqual(containerMounts, [
      { destination: '/a', volume: 'data', copy: true },
      { destination: '/b', volume: slot('new-id:0'), anonymous: true, discard: true, copy: true },
      { destination: '/c', chown: true },
      { destination: '/d', volume: 'bare' },
    ]);
    assert.deepEqual(
      volumes.map(({ name }) => name),
      ['data', 'bare'],
    );
  });

  it('have the image’s volumes, where nothing else is mounted', () => {
    const imageVolumes = { '/data/': {}, '/cache': {}, data: {}, '/x': {} };
    const { containerMounts, mounts } = ask({ imageVolumes, options: { volume: ['data:/data'], tmpfs: ['/x'] } });
    assert.deepEqual(containerMounts, [
      { destination: '/cache', volume: slot('new-id:0'), anonymous: true, copy: true },
      { destination: '/data', volume: 'data', copy: true },
    ]);
    assert.equal(mounts.length, 3);
    assert.deepEqual(ask({ imageVolumes, volumesDir: undefined }).mounts, [], 'a bundle has none');
  });

  it('have those of another container below their own, read-only if asked', () => {
    const inherited = { ...other(), transient: false, readOnly: false };
    const { mounts, containerMounts } = ask({ inherited: [inherited], options: { volume: ['/mine:/host'] } });
    assert.deepEqual(
      mounts.map(({ destination, source }) => [destination, source]),
      [
        ['/host', '/mine'],
        ['/data', '/v/data/_data'],
        ['/own', '/v/a1b2/_data'],
      ],
    );
    assert.deepEqual(containerMounts.slice(1), [
      { destination: '/data', volume: 'data' },
      { destination: '/own', volume: 'a1b2', anonymous: true },
    ]);
    const readOnly = ask({ inherited: [{ ...inherited, readOnly: true }] });
    assert.ok(readOnly.mounts.every(({ options }) => options?.at(-1) === 'ro'));
    const both = ask({ inherited: [{ ...inherited, transient: true }], options: { rm: true } });
    assert.deepEqual(both.containerMounts[2], { destination: '/own', volume: 'a1b2', anonymous: true, discard: true });
  });

  it('are one for each destination', () => {
    for (const options of [
      { volume: ['/a:/x', 'data:/x/'] },
      { volume: ['/a:/x'], tmpfs: ['/x'] },
      { mount: ['type=bind,src=/a,dst=/x', 'dst=/y/../x'] },
    ])
      assert.throws(() => ask({ options }), { code: 'ERR_TSRUN_USAGE', message: /duplicate mount point.*\/x/ });
  });

  it('keep their slots in the annotation, and come back from it', () => {
    const { containerMounts } = ask({ options: { volume: ['/b', 'data:/a'] } });
    const annotations = mountAnnotations(containerMounts);
    assert.deepEqual(readContainerMounts({ annotations }), containerMounts);
    const slots = jsonTemplateOf(JSON.stringify({ annotations })).filter((part) => typeof part !== 'string');
    assert.deepEqual(slots, [{ slot: 'new-id:0', json: true }]);
    for (const text of ['[', 'null', '7', '{}', '[null, 7]'])
      assert.deepEqual(readContainerMounts({ annotations: { 'io.tsrun.volumes': text } }), []);
    assert.deepEqual(mountAnnotations([]), {});
  });
});
