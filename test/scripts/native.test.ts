import assert from 'node:assert/strict';
import { chmodSync, existsSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { inCheckout } from '../harness/checkout.js';
import { succeed } from '../harness/process.js';
import { temporaryDirectory } from '../harness/temporary.js';

const { compile, isStale }: typeof import('../../scripts/native.mjs') = await import(inCheckout('scripts/native.mjs'));

/** A folder with program.c, and a compiler that says `complaint` and fails. */
function setUp({ text = 'int main(void) { return 7; }', complaint = '' } = {}) {
  const directory = temporaryDirectory();
  const source = join(directory, 'program.c');
  const failing = join(directory, 'failing-cc');
  writeFileSync(source, text);
  writeFileSync(failing, `#!/bin/sh\necho '${complaint}' >&2\nexit 1\n`);
  chmodSync(failing, 0o755);
  return { directory, failing, job: { sources: [source], output: join(directory, 'out/program') } };
}

test('what is compiled is static and hardened', async () => {
  const { job } = setUp();
  await compile(job);
  const headers = await succeed(['readelf', '-lW', job.output]);
  assert.doesNotMatch(headers, /INTERP/);
  assert.match(headers, /GNU_STACK +\S+ \S+ \S+ \S+ \S+ RW /);
});

test('a missing compiler is named, with the packages that bring one', async () => {
  const { job } = setUp();
  await assert.rejects(
    compile({ ...job, cc: 'no-such-cc' }),
    /no C compiler \(no-such-cc\).*apt install gcc libc6-dev.*glibc-static.*build-base/,
  );
});

test('a missing static libc is named, with the packages that bring one', async () => {
  for (const complaint of ['/usr/bin/ld: cannot find -lc: No such file or directory', 'ld.lld: error: unable to find library -lc']) {
    const { job, failing } = setUp({ complaint });
    await assert.rejects(compile({ ...job, cc: failing }), /static C library is missing.*glibc-static/);
  }
});

test('missing headers are named, with the packages that bring them', async () => {
  const { job, failing } = setUp({ complaint: 'x.c:1:10: fatal error: linux/openat2.h: No such file or directory' });
  await assert.rejects(compile({ ...job, cc: failing }), /headers .* are missing.*linux-headers/);
});

test('a failed compilation shows what the compiler says and leaves nothing', async () => {
  const { job, directory } = setUp({ text: 'int main(void) { int unused; return 0; }' });
  await assert.rejects(compile(job), /unused variable/);
  assert.ok(!existsSync(job.output));
  assert.deepEqual(readdirSync(join(directory, 'out')), []);
});

test('a program is stale when it is missing or older than a source', () => {
  const { directory, job } = setUp();
  assert.ok(isStale(job.output, job.sources));
  const output = join(directory, 'output');
  writeFileSync(output, '');
  utimesSync(output, 2000, 2000);
  utimesSync(job.sources[0] as string, 1000, 1000);
  assert.ok(!isStale(output, job.sources));
  utimesSync(job.sources[0] as string, 3000, 3000);
  assert.ok(isStale(output, job.sources));
});
