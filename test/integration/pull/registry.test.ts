/** Registries that fail or lie: a retry that succeeds, or one sentence with its code; and nothing half-made is left. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { identities, identity } from '../../harness/identity.js';
import { busyboxTar } from '../../harness/images.js';
import { writeLayout } from '../../harness/layout.js';
import { removeTemporary, temporaryDirectory } from '../../harness/temporary.js';
import { type Sandbox, sandbox } from '../../harness/tsrun.js';
import { cut, each, edited, type Fault, flipped, hangUp, misbehaving, once, send, stall, status } from './misbehaving-registry.js';
import { halfMade, layersOf, references, wrongBlobs } from './store.js';

const who = identities().find(({ unavailable }) => unavailable === undefined) ?? identity('single');
const layout = temporaryDirectory();
before(async () => {
  writeLayout(layout, [{ tag: 'v1', layers: [{ tar: await busyboxTar() }], config: { Cmd: ['true'], Env: ['PATH=/bin'] } }]);
});
after(() => removeTemporary(layout));

describe('a registry that fails or lies', { skip: who.unavailable ?? false, concurrency: 2 }, () => {
  describe('a retry that succeeds', { concurrency: 2 }, () => {
    const cases: [string, Fault][] = [
      // The client waits for 30 s, while the other tests run.
      ['a blob that stalls', once('layer', stall)],
      ['500 once', once('manifest', status(500, 'UNKNOWN'))],
      ['429 with a short pause', once('layer', status(429, 'TOOMANYREQUESTS', { 'retry-after': '1' }))],
      ['a connection that is cut in the middle of a blob', once('layer', cut)],
      ['a connection that is cut before an answer', once('manifest', hangUp)],
    ];
    for (const [what, fault] of cases) {
      test(what, async () => {
        await using server = await misbehaving(layout, fault);
        await using place = sandbox(who);
        const run = await place.tsrun(['run', '--rm', `${server.host}/team/app:v1`, 'echo', 'here']);
        assert.equal(run.stdout, 'here\n', run.stderr);
        assert.equal(run.code, 0);
        assert.match(run.stderr, /: retrying after /);
        assert.deepEqual(halfMade(place), []);
        assert.deepEqual(wrongBlobs(place), []);
      });
    }
  });

  describe('a clear error', { concurrency: 2 }, () => {
    const twice = send(({ body }) => ({ body: Buffer.concat([body, body]) }));
    const twiceDeclared = send(({ body }) => ({ body: Buffer.concat([body, body]), declared: true }));
    const altered = send(({ body }) => ({ body: flipped(body) }));
    const largerLayer = edited(([layer]) => ({ size: (layer?.size ?? 0) + 1 }));
    const otherLayer = edited(() => ({ mediaType: 'application/vnd.other' }));
    const page = send(() => ({ body: Buffer.from('<html>'), type: 'text/html' }));
    const cases: [string, string, Fault][] = [
      ['401', 'ERR_TSRUN_REGISTRY_UNAUTHORIZED', status(401, 'UNAUTHORIZED')],
      ['403', 'ERR_TSRUN_REGISTRY_DENIED', status(403, 'DENIED')],
      ['404', 'ERR_TSRUN_REGISTRY_NOT_FOUND', status(404, 'MANIFEST_UNKNOWN')],
      ['429 with a long pause', 'ERR_TSRUN_REGISTRY_RATE_LIMITED', status(429, 'TOOMANYREQUESTS', { 'retry-after': '86400' })],
      ['500 again and again', 'ERR_TSRUN_REGISTRY_FAILED', status(500, 'UNKNOWN')],
      ['a blob of a 404', 'ERR_TSRUN_REGISTRY_NOT_FOUND', each('layer', status(404, 'BLOB_UNKNOWN'))],
      ['a connection that is always cut', 'ERR_TSRUN_REGISTRY_FAILED', each('layer', cut)],
      ['a blob declared longer than the manifest says', 'ERR_TSRUN_BLOB_SIZE', each('layer', twiceDeclared)],
      ['a blob that goes on and on', 'ERR_TSRUN_BLOB_SIZE', each('layer', twice)],
      ['a manifest that lies about a size', 'ERR_TSRUN_BLOB_SIZE', each('manifest', largerLayer)],
      ['a blob of another digest', 'ERR_TSRUN_BLOB_DIGEST', each('layer', altered)],
      ['a config of another digest', 'ERR_TSRUN_BLOB_DIGEST', each('config', altered)],
      [
        'an unknown media type of the manifest',
        'ERR_TSRUN_MEDIA_TYPE',
        each(
          'manifest',
          send(() => ({ type: 'application/vnd.other+json' })),
        ),
      ],
      ['an unknown media type of a layer', 'ERR_TSRUN_MEDIA_TYPE', each('manifest', otherLayer)],
      ['a page instead of a manifest', 'ERR_TSRUN_MANIFEST_INVALID', each('manifest', page)],
    ];
    for (const [what, code, fault] of cases) {
      test(`${what}: ${code}`, async () => {
        await using server = await misbehaving(layout, fault);
        await using place = sandbox(who);
        const pull = await place.tsrun(['pull', '--json', `${server.host}/team/app:v1`]);
        assert.equal(pull.code, 125, pull.stderr);
        assert.equal(pull.stdout, '');
        const error = JSON.parse(pull.stderr) as { code: string; message: string; hint: string; exitCode: number };
        assert.equal(error.code, code, pull.stderr);
        assert.equal(error.exitCode, 125);
        assertNothingLeft(place);
        const run = await place.tsrun(['run', '--rm', `${server.host}/team/app:v1`]);
        assert.equal(run.code, 125);
        const sentences = run.stderr.split('\n').filter((line) => line.startsWith('tsrun: '));
        assert.equal(sentences.length, 1, run.stderr);
        assert.ok(sentences[0]?.includes(error.hint), 'it says what to do next');
        assertNothingLeft(place);
      });
    }
  });
});

function assertNothingLeft(place: Sandbox): void {
  assert.deepEqual(references(place), []);
  assert.deepEqual(halfMade(place), []);
  assert.deepEqual(wrongBlobs(place), []);
  assert.deepEqual(layersOf(place), []);
}

test('a layer whose contents are not what the config promises is never used', { skip: who.unavailable ?? false }, async () => {
  const lying = temporaryDirectory();
  writeLayout(lying, [{ tag: 'v1', layers: [{ tar: await busyboxTar(), diffId: `sha256:${'0'.repeat(64)}` }], config: { Cmd: ['true'] } }]);
  await using server = await misbehaving(lying, () => false);
  await using place = sandbox(who);
  for (const args of [
    ['pull', '--json'],
    ['run', '--json', '--rm'],
  ]) {
    const { code, stderr } = await place.tsrun([...args, `${server.host}/team/app:v1`]);
    assert.equal(code, 125, stderr);
    assert.equal(JSON.parse(stderr).code, 'ERR_TSRUN_LAYER_DIFF_ID');
    assert.deepEqual(layersOf(place), []);
    assert.deepEqual(halfMade(place), []);
  }
});
