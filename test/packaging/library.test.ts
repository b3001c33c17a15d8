/** The library, as a program that installed the package sees it. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { inCheckout } from '../harness/checkout.js';
import { busyboxImage } from '../harness/images.js';
import type { PackageRegistry } from '../harness/npm-registry.js';
import { emptyFolder, type Place, startPackageRegistry } from './place.js';

let registry: PackageRegistry;
let place: Place;
before(async () => {
  registry = await startPackageRegistry();
  place = emptyFolder(registry);
  await place.run('npm', 'install', 'tsrun');
});
after(() => registry?.[Symbol.asyncDispose]());

/** Valid as TypeScript and as JavaScript. */
const PROGRAM = `
import { text } from 'node:stream/consumers';
import { isMainThread, threadId, Worker } from 'node:worker_threads';
import { pull, run, TsrunError } from 'tsrun';

const image = process.argv[2] ?? '';
const { platform } = await pull(image, { onProgress: () => {} });
await using container = await run(image, ['cat'], { rm: true, interactive: true });
container.stdin.end(\`\${platform}, thread \${threadId}\\n\`);
process.stdout.write(await text(container.stdout));
console.log(await container.wait());
for (const image of ['UPPER', '127.0.0.1:1/nobody/here']) {
  await run(image).catch((error) => console.log(error instanceof TsrunError && error.code));
}
if (isMainThread) new Worker(new URL(import.meta.url), { argv: [image] });
`;

test('a program imports it by its name and runs a container, from the main thread and from a worker', async () => {
  // Node 20 has no `await using`: the same by hand.
  const program = PROGRAM.replace('await using container', 'const container');
  writeFileSync(join(place.folder, 'program.mjs'), program);
  const { reference } = await busyboxImage();
  const platform = `linux/${process.arch === 'x64' ? 'amd64' : 'arm64'}`;
  const errors = 'ERR_TSRUN_REFERENCE_INVALID\nERR_TSRUN_REGISTRY_UNREACHABLE\n';
  const one = (thread: number) => `${platform}, thread ${thread}\n0\n${errors}`;
  assert.equal(await place.run(process.execPath, 'program.mjs', reference), one(0) + one(1));
});

test('a strict TypeScript accepts its types, libraries checked too', async () => {
  writeFileSync(
    join(place.folder, 'program.mts'),
    `${PROGRAM}\n// @ts-expect-error: no such option\nawait run('alpine', [], { detatch: true });\n`,
  );
  const tsc = inCheckout('node_modules/typescript/bin/tsc');
  const types = ['--types', 'node', '--typeRoots', inCheckout('node_modules/@types'), '--skipLibCheck', 'false'];
  const strict = ['--strict', '--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess'];
  await place.run(process.execPath, tsc, '--noEmit', ...strict, '--module', 'nodenext', '--target', 'es2022', ...types, 'program.mts');
});
