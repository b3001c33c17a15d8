import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TsrunError } from '../../src/errors.js';
import { parseStrictJson } from '../../src/image/json.js';
import { CONFIG_LIMIT, parseConfig, parseIndex, parseManifest } from '../../src/image/parse.js';
import type { Digest } from '../../src/spec/digest.js';
import type { Descriptor } from '../../src/spec/image.js';
import { MANIFEST_LIMIT } from '../../src/spec/limits.js';
import { DOCKER_MANIFEST, OCI_CONFIG, OCI_INDEX, OCI_MANIFEST } from '../../src/spec/media-types.js';
import { GZIP_LAYER } from './fixture.js';

const DIGEST = `sha256:${'a'.repeat(64)}` as Digest;
const CONFIG = { mediaType: OCI_CONFIG, digest: DIGEST, size: 2 };
const LAYER = { mediaType: GZIP_LAYER, digest: DIGEST, size: 3 };
const MANIFEST = { schemaVersion: 2, mediaType: OCI_MANIFEST, config: CONFIG, layers: [LAYER] };
const INDEX = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [{ mediaType: OCI_MANIFEST, digest: DIGEST, size: 5 }] };
const IMAGE = { architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [DIGEST] } };

const of = (mediaType: string): Descriptor => ({ mediaType, digest: DIGEST, size: 1 });
const bytes = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
const manifest = (value: unknown, mediaType = OCI_MANIFEST) => parseManifest(bytes(value), of(mediaType));
const index = (value: unknown) => parseIndex(bytes(value), of(OCI_INDEX));
const config = (value: unknown, layers = 1) => parseConfig(bytes(value), of(OCI_CONFIG), layers);

function refusal(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof TsrunError, String(error));
    assert.ok(error.hint);
    assert.doesNotMatch(error.message, /[\0\n]|\.$/);
    return `${error.code}: ${error.message}`;
  }
  assert.fail('not refused');
}

test('documents of the specification are read, and nothing else of them', () => {
  assert.deepEqual(manifest({ ...MANIFEST, annotations: { a: 'b' }, unknown: 1 }), { ...MANIFEST, annotations: { a: 'b' } });
  assert.deepEqual(index(INDEX), INDEX);
  const { mediaType: _mediaType, ...without } = MANIFEST;
  assert.deepEqual(manifest(without), without);
  assert.deepEqual(config({ ...IMAGE, docker_version: '1', Size: 5 }), IMAGE);
});

test("null means not set, as Go's encoder writes it", () => {
  const parsed = config({
    ...IMAGE,
    history: null,
    config: {
      Cmd: null,
      Entrypoint: null,
      Env: null,
      Labels: null,
      Volumes: null,
      ExposedPorts: null,
      User: '',
      WorkingDir: '/',
      Healthcheck: {},
    },
  });
  assert.deepEqual(parsed, { ...IMAGE, config: { User: '', WorkingDir: '/', Healthcheck: {} } });
  assert.deepEqual(manifest({ ...MANIFEST, annotations: null }), MANIFEST);
});

test('bytes that can be read as index and as manifest are refused (CVE-2021-41190)', () => {
  for (const extra of ['layers', 'config', 'fsLayers'])
    assert.match(
      refusal(() => index({ ...INDEX, [extra]: [] })),
      new RegExp(`MANIFEST_INVALID.*${extra}`),
    );
  for (const extra of ['manifests', 'fsLayers'])
    assert.match(
      refusal(() => manifest({ ...MANIFEST, [extra]: [] })),
      new RegExp(`MANIFEST_INVALID.*${extra}`),
    );
  assert.match(
    refusal(() => manifest({ ...MANIFEST, mediaType: OCI_INDEX })),
    /descriptor says/,
  );
  assert.match(
    refusal(() => manifest(MANIFEST, DOCKER_MANIFEST)),
    /descriptor says/,
  );
  const { mediaType: _mediaType, ...without } = MANIFEST;
  assert.match(
    refusal(() => manifest(without, DOCKER_MANIFEST)),
    /no media type/,
  );
});

test('wrong types, digests and sizes are refused by name', () => {
  const layer = (change: object) => () => manifest({ ...MANIFEST, layers: [LAYER, { ...LAYER, ...change }] });
  for (const size of [-1, 1.5, '3', 2 ** 60, undefined]) assert.match(refusal(layer({ size })), /layers\.1\.size/);
  for (const digest of ['', 'sha256:../../x', `sha512:${'a'.repeat(128)}`, `sha256:${'A'.repeat(64)}`, 7]) {
    assert.match(refusal(layer({ digest })), /layers\.1\.digest: must be sha256/);
  }
  for (const value of [
    null,
    [],
    1,
    'x',
    { schemaVersion: 1 },
    { ...MANIFEST, layers: {} },
    { ...MANIFEST, config: null },
    { ...MANIFEST, layers: [null] },
  ]) {
    assert.match(
      refusal(() => manifest(value)),
      /MANIFEST_INVALID/,
    );
  }
  assert.match(
    refusal(() => manifest({ ...MANIFEST, config: undefined })),
    /config: is missing/,
  );
});

test('artifacts and unknown layers are refused with what they are', () => {
  const artifact = { ...MANIFEST, config: { ...CONFIG, mediaType: 'application/vnd.cncf.helm.config.v1+json' } };
  assert.match(
    refusal(() => manifest(artifact)),
    /ERR_TSRUN_MEDIA_TYPE.*not a container image but an artifact \(application\/vnd\.cncf\.helm/,
  );
  for (const mediaType of [
    'application/x-squashfs',
    'constructor/prototype',
    'application/vnd.oci.image.layer.v1.tar+encrypted',
    'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
    'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
  ]) {
    assert.match(
      refusal(() => manifest({ ...MANIFEST, layers: [{ ...LAYER, mediaType }] })),
      /ERR_TSRUN_MEDIA_TYPE.*(foreign|unknown) media type/,
    );
  }
});

test('a config is typed, and has a diffID for each layer', () => {
  const cases: [object, RegExp][] = [
    [{ ...IMAGE, config: { Entrypoint: '/bin/sh -c x' } }, /config\.Entrypoint: must be a list of strings/],
    [{ ...IMAGE, config: { Cmd: 'x' } }, /config\.Cmd/],
    [{ ...IMAGE, config: { Env: { A: 'b' } } }, /config\.Env/],
    [{ ...IMAGE, config: { Env: ['A=b', 5] } }, /config\.Env\.1/],
    [{ ...IMAGE, config: { User: 'root\nx:0:0' } }, /config\.User: must not contain control characters/],
    [{ ...IMAGE, config: { Labels: ['x'] } }, /config\.Labels/],
    [{ ...IMAGE, config: { Volumes: 'x' } }, /config\.Volumes/],
    [{ ...IMAGE, config: { ExposedPorts: { '80/tcp': 'x' } } }, /config\.ExposedPorts/],
    [{ ...IMAGE, config: [] }, /config: must be an object/],
    [{ ...IMAGE, rootfs: { type: 'layers', diff_ids: [] } }, /rootfs\.diff_ids: has 0 entries for 1 layers/],
    [{ ...IMAGE, rootfs: { type: 'base', diff_ids: [DIGEST] } }, /rootfs\.type/],
    [{ ...IMAGE, rootfs: { type: 'layers', diff_ids: ['x'] } }, /rootfs\.diff_ids\.0/],
    [{ ...IMAGE, os: 5 }, /os/],
  ];
  for (const [value, reason] of cases) {
    const text = refusal(() => config(value));
    assert.match(text, /ERR_TSRUN_CONFIG_INVALID/);
    assert.match(text, reason);
  }
});

test('a NUL in any string or key, duplicate keys and keys that differ in case are refused', () => {
  assert.match(
    refusal(() => config({ ...IMAGE, config: { Env: ['A=\0'] } })),
    /NUL/,
  );
  assert.match(
    refusal(() => config({ ...IMAGE, config: { Labels: { 'a\0': 'x' } } })),
    /NUL/,
  );
  assert.match(
    refusal(() => config({ ...IMAGE, other: ['deep', { in: '\0' }] })),
    /NUL/,
  );
  const text = JSON.stringify(MANIFEST);
  assert.match(
    refusal(() => manifest(text.replace('{', '{"schemaVersion":2,'))),
    /"schemaVersion" occurs twice/,
  );
  assert.match(
    refusal(() => manifest(text.replace('{', '{"l\\u0061yers":[],'))),
    /"layers" occurs twice/,
  );
  assert.match(
    refusal(() => manifest(text.replace('{', '{"Layers":[],'))),
    /occurs twice/,
  );
  assert.match(
    refusal(() => manifest(text.replace('"size":3', '"size":3,"size":3'))),
    /"size" occurs twice/,
  );
  assert.equal(config({ ...IMAGE, config: { Labels: { a: '1', A: '2' } } }).config?.Labels?.['A'], '2');
});

test('no document reaches the prototypes', () => {
  const text = JSON.stringify({ ...IMAGE, config: { Labels: 1, Env: ['__proto__=x'] } }).replace(
    '"Labels":1',
    '"Labels":{"__proto__":"x","constructor":"y","ok":"z"},"__proto__":{"User":"evil"}',
  );
  const parsed = config(text);
  assert.equal(parsed.config?.Labels?.['ok'], 'z');
  assert.equal(parsed.config?.User, undefined);
  assert.deepEqual(parsed.config?.Env, ['__proto__=x']);
  assert.equal(({} as Record<string, unknown>)['User'], undefined);
  assert.equal(Object.getPrototypeOf(parsed.config?.Labels), Object.prototype);
});

test('size, depth and encoding are bounded', () => {
  assert.match(
    refusal(() => manifest(' '.repeat(MANIFEST_LIMIT + 1))),
    /the limit is 4194304/,
  );
  assert.match(
    refusal(() => config(' '.repeat(CONFIG_LIMIT + 1))),
    /the limit is 8388608/,
  );
  assert.match(
    refusal(() => manifest('['.repeat(1_000_000))),
    /nested deeper/,
  );
  assert.match(
    refusal(() => manifest(`\ufeff${JSON.stringify(MANIFEST)}`)),
    /not JSON/,
  );
  assert.match(
    refusal(() => parseManifest(Buffer.from([0x22, 0xff, 0x22]), of(OCI_MANIFEST))),
    /not UTF-8/,
  );
  for (const text of ['', '{', '"', '"\\', '{"a":1}}', 'nul', '{"a" "b"}', "{'a':1}"])
    assert.match(
      refusal(() => manifest(text)),
      /MANIFEST_INVALID/,
    );
});

test('strict JSON differs from JSON.parse only in what it refuses, and in nulls', () => {
  const withoutNull = (value: unknown): unknown => JSON.parse(JSON.stringify(value), (_key, each) => (each === null ? undefined : each));
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), fc.boolean(), (value, pretty) => {
      const text = JSON.stringify(value, undefined, pretty ? 2 : undefined);
      const parse = () => parseStrictJson(Buffer.from(text), 1e6, 'it', 'ERR_TSRUN_MANIFEST_INVALID');
      try {
        assert.deepEqual(parse(), withoutNull(value));
      } catch (error) {
        assert.ok(error instanceof TsrunError && /NUL|twice/.test(error.message), String(error));
        assert.ok(
          text.includes('\\u0000') ||
            Object.keys(value as object).length > new Set(Object.keys(value as object).map((key) => key.toLowerCase())).size,
        );
      }
    }),
  );
});
