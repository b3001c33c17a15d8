/**
 * The unpacking program. The native helper starts it inside the cage: a fresh user namespace with the container's id map, all capabilities
 * there, still under the caller's own uid so that it can read the blob, its working directory the target. It loads everything, becomes
 * root of the namespace, makes the target its root directory, and only then looks at the layer: the kernel contains it. Without a namespace
 * (`confined`) it stays who and where it is, and Landlock lets it write nowhere but in the target.
 * argv[2] is a LayerJob (or a MeasureJob, which only looks); LayerMessages go to descriptor 3. Exit status 1 means that the last message is an error.
 */
import { chmodSync, closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs';
import { asTsrunError, errnoOf, TsrunError } from '../errors.js';
import { chroot, lremovexattr, syncfs } from '../sys/files.js';
import { openTar, type TarStream } from './decompress.js';
import { show } from './fault.js';
import type { LayerJob, LayerMessage, Measured, MeasureJob } from './job.js';
import { treeSize } from './size.js';
import { NotSelfContained } from './tree.js';
import { unpackLayer } from './unpack.js';

const MESSAGES = 3;
const PROGRESS_INTERVAL = 100;

async function main(): Promise<void> {
  const job = JSON.parse(process.argv[2] ?? '') as LayerJob | MeasureJob;
  if ('measure' in job) {
    // Under the caller's uid still, with the capability to look into what the container's ids own; no further than that.
    send({ measured: job.measure.map((name) => treeSize(name, job.counting)) });
    return;
  }
  process.umask(0);
  const tar = await openBlob(job);
  removeDefaultAcl();
  if (job.become) becomeRoot(job.ids);
  if (job.confined === undefined) enterTarget(job.mode);
  send({ done: await unpackAndSync(tar, job) });
}

async function openBlob({ blob, size, mediaType }: LayerJob): Promise<TarStream> {
  const fd = openFile(blob);
  const stat = fstatSync(fd);
  if (!stat.isFile() || stat.size !== size) {
    throw new TsrunError('ERR_TSRUN_BLOB_SIZE', `the blob has ${stat.size} bytes, the manifest promises ${size}`, {
      subject: blob,
      hint: 'remove the image and pull it again',
    });
  }
  return openTar(fd, size, mediaType);
}

function openFile(blob: string): number {
  try {
    return openSync(blob, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (cause) {
    const hint = 'remove the image and pull it again';
    throw new TsrunError('ERR_TSRUN_BLOB_MISSING', `a layer's blob cannot be opened (${errnoOf(cause)})`, { subject: blob, hint, cause });
  }
}

/** One inherited from the store's own place would change the mode of every file made below. Also the first native call: it loads the FFI. */
function removeDefaultAcl(): void {
  try {
    lremovexattr('.', 'system.posix_acl_default');
  } catch (error) {
    if (!['ENODATA', 'ENOTSUP', 'EOPNOTSUPP', 'EPERM', 'EACCES'].includes(errnoOf(error) ?? '')) throw error;
  }
}

function becomeRoot(ids: LayerJob['ids']): void {
  // With a single id the kernel denies setgroups(2): the caller's groups cannot be dropped and are not mapped either.
  if (ids === 'range') process.setgroups?.([]);
  process.setgid?.(0);
  process.setuid?.(0);
}

function enterTarget(mode: LayerJob['mode']): void {
  chroot('.');
  process.chdir('/');
  // A layer without an entry for its root has docker's default; the target's own mode is the store's, and private.
  if (mode === 'alone') chmodSync('/', 0o755);
}

async function unpackAndSync(tar: TarStream, job: LayerJob) {
  let next = 0;
  const report = await unpackLayer(tar, job, (bytes) => {
    const now = performance.now();
    if (now < next) return;
    next = now + PROGRESS_INTERVAL;
    send({ progress: { bytes } });
  });
  if (job.syncTo !== false) {
    const root = openSync('.', constants.O_RDONLY | constants.O_DIRECTORY);
    syncfs(root);
    closeSync(root);
  }
  return report;
}

/** The descriptor may be a socket that does not block: a full one is tried again, a closed one means that nobody waits any more. */
function send(message: LayerMessage | Measured): void {
  const line = Buffer.from(`${JSON.stringify(message)}\n`);
  for (let done = 0; done < line.length; ) {
    try {
      done += writeSync(MESSAGES, line, done);
    } catch (error) {
      if (errnoOf(error) !== 'EAGAIN') process.exit(1);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    if (error instanceof NotSelfContained) {
      send({ notSelfContained: { entry: show(error.entry) } });
      process.exit(0);
    }
    if (process.env['TSRUN_DEBUG']) console.error(error);
    send({ error: asTsrunError(error).toJSON() });
    process.exit(1);
  },
);
