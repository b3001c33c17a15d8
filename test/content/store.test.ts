import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import type { ContentStore } from '../../src/content/store.js';
import type { Digest } from '../../src/spec/digest.js';
import { digest, emptyStore, pieces, randomBlob, storeAt, temporaryDirectory } from './fixture.js';

const FETCHER = fileURLToPath(new URL('fetcher.js', import.meta.url));

function blobs(store: ContentStore): string[] {
  return readdirSync(join(store.paths.image, 'blobs/sha256'));
}

function leftovers(store: ContentStore): string[] {
  return [...readdirSync(store.paths.ingest), ...readdirSync(store.paths.locks).filter((name) => name.startsWith('blob-'))];
}

test('a fetched blob is stored under its digest, byte for byte, in a private layout', async (t) => {
  const store = await emptyStore(t);
  const { bytes, descriptor } = randomBlob(1_000_003);
  const totals: number[] = [];
  const first = await store.fetchOnce(descriptor, () => pieces(bytes, 10_007), { onBytes: (total) => totals.push(total) });
  assert.deepEqual(first, { alreadyPresent: false });
  assert.deepEqual(readFileSync(store.paths.blob(descriptor.digest)), bytes);
  assert.deepEqual(await store.readBytes(descriptor), bytes);
  assert.equal(totals.at(-1), bytes.length);
  assert.equal(totals.length, 100);
  const second = await store.fetchOnce(descriptor, () => assert.fail('fetched twice'));
  assert.deepEqual(second, { alreadyPresent: true });
  assert.deepEqual(leftovers(store), []);
  assert.equal(statSync(store.paths.base).mode & 0o777, 0o700);
  assert.equal(statSync(store.paths.image).mode & 0o777, 0o700);
  assert.deepEqual(JSON.parse(readFileSync(join(store.paths.image, 'oci-layout'), 'utf8')), { imageLayoutVersion: '1.0.0' });
});

test('any content in any pieces comes back', async (t) => {
  const store = await emptyStore(t);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 5000 })), async (chunks) => {
      const bytes = Buffer.concat(chunks);
      const descriptor = { digest: digest(bytes), size: bytes.length };
      await store.fetchOnce(descriptor, async function* () {
        yield* chunks;
      });
      assert.deepEqual(await store.readBytes(descriptor), bytes);
    }),
    { numRuns: 25 },
  );
});

test('a short, long or altered body is refused and leaves nothing', async (t) => {
  const store = await emptyStore(t);
  const { bytes, descriptor } = randomBlob(100_000);
  const altered = Buffer.from(bytes);
  altered.writeUInt8(altered.readUInt8(50_000) ^ 1, 50_000);
  const cases = [
    { body: bytes.subarray(1), code: 'ERR_TSRUN_BLOB_SIZE' },
    { body: Buffer.alloc(0), code: 'ERR_TSRUN_BLOB_SIZE' },
    { body: Buffer.concat([bytes, Buffer.from('x')]), code: 'ERR_TSRUN_BLOB_SIZE' },
    { body: altered, code: 'ERR_TSRUN_BLOB_DIGEST' },
  ];
  for (const { body, code } of cases) {
    await assert.rejects(
      store.fetchOnce(descriptor, () => pieces(body)),
      { code },
    );
    assert.equal(await store.has(descriptor.digest), false);
    assert.deepEqual([...blobs(store), ...leftovers(store)], []);
  }
});

test('an endless body is dropped at the first byte too many', async (t) => {
  const store = await emptyStore(t);
  const { descriptor } = randomBlob(1000);
  let sent = 0;
  let closed = false;
  const endless = async function* () {
    try {
      for (;;) {
        sent += 100;
        yield Buffer.alloc(100);
      }
    } finally {
      closed = true;
    }
  };
  await assert.rejects(store.fetchOnce(descriptor, endless), { code: 'ERR_TSRUN_BLOB_SIZE' });
  assert.equal(sent, 1100);
  assert.equal(closed, true);
});

test('a failure of the source is passed on as it is', async (t) => {
  const store = await emptyStore(t);
  const { bytes, descriptor } = randomBlob(500_000);
  const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
  const broken = async function* () {
    yield bytes.subarray(0, 400_000);
    throw reset;
  };
  await assert.rejects(store.fetchOnce(descriptor, broken), (error) => error === reset);
  assert.deepEqual([...blobs(store), ...leftovers(store)], []);
});

test('digests and sizes outside the grammar never become a path', async (t) => {
  const store = await emptyStore(t);
  const bad = ['sha256:../../x', `sha512:${'a'.repeat(128)}`, `sha256:${'A'.repeat(64)}`, '', `sha256:${'a'.repeat(63)}/`];
  for (const each of bad) {
    await assert.rejects(store.has(each as Digest), { code: 'ERR_TSRUN_DIGEST_INVALID' });
    await assert.rejects(
      store.fetchOnce({ digest: each as Digest, size: 1 }, () => pieces(Buffer.from('x'))),
      { code: 'ERR_TSRUN_DIGEST_INVALID' },
    );
  }
  for (const size of [-1, 1.5, Number.NaN, 2 ** 60]) {
    await assert.rejects(
      store.fetchOnce({ digest: digest(Buffer.from('x')), size }, () => pieces(Buffer.from('x'))),
      { code: 'ERR_TSRUN_BLOB_SIZE' },
    );
  }
});

test('an interrupt ends a stalled fetch at once', async (t) => {
  const store = await emptyStore(t);
  const { bytes, descriptor } = randomBlob(1000);
  const stalled = async function* () {
    yield bytes.subarray(0, 10);
    await new Promise<never>(() => setTimeout(() => undefined, 100_000).unref());
  };
  const interrupt = new AbortController();
  const fetching = store.fetchOnce(descriptor, stalled, { signal: interrupt.signal, onBytes: () => setImmediate(() => interrupt.abort()) });
  await assert.rejects(fetching, { code: 'ERR_TSRUN_INTERRUPTED' });
  assert.deepEqual([...blobs(store), ...leftovers(store)], []);
  await assert.rejects(
    store.fetchOnce(descriptor, () => pieces(bytes), { signal: interrupt.signal }),
    { code: 'ERR_TSRUN_INTERRUPTED' },
  );
});

test('a blob damaged on disk is noticed when read, and fetched again when its size tells', async (t) => {
  const store = await emptyStore(t);
  const { bytes, descriptor } = randomBlob(5000);
  const path = store.paths.blob(descriptor.digest);
  await store.fetchOnce(descriptor, () => pieces(bytes));
  writeFileSync(path, Buffer.alloc(5000));
  await assert.rejects(store.readBytes(descriptor), { code: 'ERR_TSRUN_BLOB_DIGEST' });
  truncateSync(path, 4000);
  await assert.rejects(store.readBytes(descriptor), { code: 'ERR_TSRUN_BLOB_MISSING' });
  assert.equal(await store.has(descriptor.digest), true, 'who only reads takes nothing away: another may be putting it there');
  assert.deepEqual(await store.fetchOnce(descriptor, () => pieces(bytes)), { alreadyPresent: false });
  assert.deepEqual(await store.readBytes(descriptor), bytes);
});

test('a descriptor that lies about the size of a blob that is there is refused', async (t) => {
  const store = await emptyStore(t);
  const { bytes, descriptor } = randomBlob(5000);
  await store.fetchOnce(descriptor, () => pieces(bytes));
  const lie = { ...descriptor, size: 4999 };
  await assert.rejects(
    store.fetchOnce(lie, () => pieces(bytes)),
    { code: 'ERR_TSRUN_BLOB_SIZE' },
  );
  await assert.rejects(store.readBytes(lie), { code: 'ERR_TSRUN_BLOB_SIZE' });
  await assert.rejects(store.readBytes(descriptor, 4999), { code: 'ERR_TSRUN_BLOB_SIZE' });
  assert.equal(await store.has(descriptor.digest), true);
});

test('a missing blob is named, with what to do', async (t) => {
  const store = await emptyStore(t);
  const { descriptor } = randomBlob(10);
  await assert.rejects(store.readBytes(descriptor), { code: 'ERR_TSRUN_BLOB_MISSING', subject: descriptor.digest, hint: /pull/ });
});

test('many fetches of one blob in one process fetch it once', async (t) => {
  const store = await emptyStore(t);
  const { bytes, descriptor } = randomBlob(300_000);
  let fetched = 0;
  const source = () => {
    fetched += 1;
    return pieces(bytes);
  };
  const results = await Promise.all(Array.from({ length: 10 }, () => store.fetchOnce(descriptor, source)));
  assert.equal(fetched, 1);
  assert.equal(results.filter(({ alreadyPresent }) => !alreadyPresent).length, 1);
});

function fetcher(directory: string, pause: number, seed: number) {
  return spawn(process.execPath, [FETCHER, directory, String(pause), String(seed)], { stdio: ['ignore', 'pipe', 'inherit'] });
}

async function ended(child: ReturnType<typeof fetcher>): Promise<{ code: number | null; output: string }> {
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, output })));
}

test('eight processes that want one blob fetch it once', async (t) => {
  const directory = temporaryDirectory(t);
  const results = await Promise.all(Array.from({ length: 8 }, () => ended(fetcher(directory, 2, 1))));
  assert.deepEqual(
    results.map(({ code }) => code),
    Array(8).fill(0),
  );
  const fetched = results.flatMap(({ output }) => output.match(/^fetched/gm) ?? []);
  assert.equal(fetched.length, 3, 'three blobs, each once');
  const store = storeAt(directory);
  assert.equal(blobs(store).length, 3);
  assert.deepEqual(leftovers(store), []);
});

test('kill -9 at any moment leaves no partial blob, and the next fetch succeeds', async (t) => {
  const directory = temporaryDirectory(t);
  for (let round = 0; round < 15; round += 1) {
    const child = fetcher(directory, 3, round);
    const result = ended(child);
    await new Promise((resolve) => child.stdout.once('data', resolve));
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 120));
    child.kill('SIGKILL');
    await result;
    const store = storeAt(directory);
    for (const name of blobs(store)) assert.equal(digest(readFileSync(join(store.paths.image, 'blobs/sha256', name))), `sha256:${name}`);
    const index = JSON.parse(readFileSync(join(store.paths.image, 'index.json'), 'utf8')) as { manifests: { digest: Digest }[] };
    for (const { digest: named } of index.manifests)
      assert.ok(existsSync(store.paths.blob(named)), 'index.json names a blob that is there');
  }
  assert.equal((await ended(fetcher(directory, 0, 99))).code, 0);
  const store = storeAt(directory);
  await store.init();
  assert.deepEqual(leftovers(store), []);
});
