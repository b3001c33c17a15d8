/** A blob that one fetch could not finish, and the next one goes on with. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { ContentStore } from '../../src/content/store.js';
import { sweepLeftovers } from '../../src/content/sweep.js';
import { TsrunError } from '../../src/errors.js';
import { hexOf } from '../../src/spec/digest.js';
import { emptyStore, pieces, randomBlob, storeAt } from './fixture.js';

const SIZE = 3_000_000;
const CUT = 2_000_000;
const cutOff = () => new TsrunError('ERR_TSRUN_REGISTRY_UNREACHABLE', 'the connection was cut');

async function* until(bytes: Uint8Array, error: Error): AsyncGenerator<Uint8Array> {
  yield* pieces(bytes);
  throw error;
}

async function begun(t: TestContext, error: Error = cutOff(), cut = CUT) {
  const store = await emptyStore(t);
  const { bytes, descriptor } = randomBlob(SIZE);
  const asked: number[] = [];
  const fetch = (body: (from: number) => AsyncIterable<Uint8Array>, resumes = true) =>
    store.fetchOnce(
      descriptor,
      (from) => {
        asked.push(from);
        return body(from);
      },
      { resumes },
    );
  await assert.rejects(
    fetch((from) => until(bytes.subarray(from, cut), error)),
    error,
  );
  const rest = (from: number) => pieces(bytes.subarray(from));
  return { store, bytes, descriptor, asked, fetch, rest, partial: join(store.paths.ingest, hexOf(descriptor.digest)) };
}

async function isWhole(store: ContentStore, { descriptor, bytes, partial }: Awaited<ReturnType<typeof begun>>) {
  assert.deepEqual(await store.readBytes(descriptor), bytes);
  assert.ok(!existsSync(partial));
  assert.deepEqual(readdirSync(store.paths.ingest), []);
}

test('what one fetch has received, the next one does not ask for, in another process neither', async (t) => {
  const cut = await begun(t);
  assert.equal(statSync(cut.partial).size, CUT);
  const later = storeAt(cut.store.paths.roots.data);
  await later.init();
  const totals: number[] = [];
  await later.fetchOnce(
    cut.descriptor,
    (from) => {
      cut.asked.push(from);
      return cut.rest(from);
    },
    { resumes: true, onBytes: (total) => totals.push(total) },
  );
  assert.deepEqual(cut.asked, [0, CUT]);
  assert.deepEqual([(totals[0] ?? 0) > CUT, totals.at(-1)], [true, SIZE]);
  await isWhole(later, cut);
});

test('also after an interrupt; not where the bytes were wrong, the disk was full, or it was hardly begun', async (t) => {
  const keeps = async (error: Error, cut = CUT) => existsSync((await begun(t, error, cut)).partial);
  assert.equal(await keeps(new TsrunError('ERR_TSRUN_INTERRUPTED', 'no')), true);
  assert.equal(await keeps(new TsrunError('ERR_TSRUN_BLOB_DIGEST', 'no')), false);
  assert.equal(await keeps(new TsrunError('ERR_TSRUN_DISK_FULL', 'no')), false);
  assert.equal(await keeps(cutOff(), 1000), false);
});

test('a beginning that turns out wrong costs one more fetch, not the blob', async (t) => {
  for (const spoil of [
    (path: string) => writeFileSync(path, Buffer.alloc(CUT)),
    (path: string) => writeFileSync(path, 'x', { flag: 'r+' }),
    (path: string) => truncateSync(path, SIZE + 5),
    (path: string) => truncateSync(path, SIZE),
  ]) {
    const cut = await begun(t);
    spoil(cut.partial);
    await cut.fetch(cut.rest);
    assert.ok(cut.asked.at(-1) === 0 && cut.asked.length <= 3, cut.asked.join());
    await isWhole(cut.store, cut);
  }
});

test('a source that cannot begin in the middle begins anew, and a body that is wrong is refused whatever was there', async (t) => {
  const cut = await begun(t);
  await cut.fetch(cut.rest, false);
  assert.deepEqual(cut.asked, [0, 0]);
  assert.deepEqual(await cut.store.readBytes(cut.descriptor), cut.bytes);
  const other = await begun(t);
  await assert.rejects(
    other.fetch((from) => pieces(Buffer.alloc(SIZE - from))),
    { code: 'ERR_TSRUN_BLOB_DIGEST' },
  );
  assert.deepEqual([other.asked, existsSync(other.partial)], [[0, CUT, 0], false]);
});

test('it is kept for a week, or until the store is cleared', async (t) => {
  const { store, partial } = await begun(t);
  await store.init();
  assert.ok(existsSync(partial));
  const [week, now] = [7 * 24 * 3600, Date.now() / 1000];
  utimesSync(partial, now, now - week + 600);
  assert.equal(await sweepLeftovers(store.paths), 0);
  utimesSync(partial, now, now - week - 600);
  assert.equal(await sweepLeftovers(store.paths), 1);
  const again = await begun(t);
  assert.equal(await sweepLeftovers(again.store.paths, { all: true }), 1);
});

test('a process that was killed in the middle leaves a beginning as well', async (t) => {
  const store = await emptyStore(t);
  const { bytes, descriptor } = randomBlob(SIZE);
  const script = `
    const { storeAt } = await import(${JSON.stringify(new URL('fixture.js', import.meta.url).href)});
    const store = storeAt(process.argv[1]);
    await store.fetchOnce(JSON.parse(process.argv[2]), async function* () {
      const { readFileSync } = await import('node:fs');
      yield readFileSync(0);
      setInterval(() => process.stdout.write('.'), 20);
      await new Promise(() => {});
    }, { resumes: true });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, store.paths.roots.data, JSON.stringify(descriptor)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(bytes.subarray(0, CUT));
  const partial = join(store.paths.ingest, hexOf(descriptor.digest));
  do await once(child.stdout, 'data');
  while (statSync(partial).size < CUT);
  child.kill('SIGKILL');
  await once(child, 'close');
  const asked: number[] = [];
  const source = (from: number) => {
    asked.push(from);
    return pieces(bytes.subarray(from));
  };
  await storeAt(store.paths.roots.data).fetchOnce(descriptor, source, { resumes: true });
  assert.deepEqual(asked, [CUT]);
  assert.deepEqual(readFileSync(store.paths.blob(descriptor.digest)), bytes);
});
