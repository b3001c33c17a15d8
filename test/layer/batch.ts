/**
 * Unpacks many layers in one process, each into a root of its own: `batch.js JOBS`, a file with a JSON array of BatchJob. Prints their outcomes,
 * in order. What the program (src/layer/worker.ts) does besides has tests of its own.
 */
import { chmodSync, closeSync, constants, openSync, readFileSync } from 'node:fs';
import { asTsrunError } from '../../src/errors.js';
import { openTar } from '../../src/layer/decompress.js';
import { show } from '../../src/layer/fault.js';
import type { LayerJob } from '../../src/layer/job.js';
import { NotSelfContained } from '../../src/layer/tree.js';
import { unpackLayer } from '../../src/layer/unpack.js';
import { chroot } from '../../src/sys/files.js';
import { libcFunction } from '../../src/sys/koffi.js';
import type { Unpacked } from './harness.js';

export type BatchJob = Pick<LayerJob, 'blob' | 'mediaType' | 'size' | 'diffId' | 'mode' | 'ids'> & { target: string };

const fchdir = libcFunction('fchdir', ['int', ['int']]);
const outside = openSync('/', constants.O_RDONLY | constants.O_DIRECTORY);

async function unpackOne(job: BatchJob): Promise<Unpacked> {
  const fd = openSync(job.blob, 'r');
  try {
    const tar = await openTar(fd, job.size, job.mediaType);
    process.chdir(job.target);
    chroot('.');
    process.chdir('/');
    if (job.mode === 'alone') chmodSync('/', 0o755);
    return { done: await unpackLayer(tar, { ...job, become: false }, () => undefined) };
  } catch (error) {
    return error instanceof NotSelfContained ? { notSelfContained: show(error.entry) } : { error: asTsrunError(error).toJSON() };
  } finally {
    // Whoever may call chroot(2) gets out of it again with a directory that he holds open.
    fchdir(undefined, outside);
    chroot('.');
    closeSync(fd);
  }
}

process.umask(0);
const outcomes: Unpacked[] = [];
for (const job of JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as BatchJob[]) outcomes.push(await unpackOne(job));
process.stdout.write(JSON.stringify(outcomes));
