/** Bytes of a blob on their way to disk: counted, bounded and digested as they pass. */
import { createHash, type Hash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { TsrunError } from '../errors.js';
import type { Digest } from '../spec/digest.js';

/** Small chunks are gathered: a write costs a trip through the thread pool. */
const GATHER = 256 * 1024;

export interface ReceiveOptions {
  /** What is being received, for messages: `blob sha256:…`. */
  what: string;
  /** A body that brings one byte more is refused, without reading on. */
  limit: number;
  /** Throws what a failed write means; errors of the source are not its business. */
  fail: (cause: unknown) => never;
  signal?: AbortSignal | undefined;
  /** Called with the bytes received so far. */
  onBytes?: ((total: number) => void) | undefined;
  /** The file has so many bytes already, which `hash` has seen; the source goes on behind them. */
  begun?: { hash: Hash; size: number };
}

/**
 * Writes all of `source` to `file`; digesting goes on while a write is under way.
 * Errors: ERR_TSRUN_BLOB_SIZE above the limit, ERR_TSRUN_INTERRUPTED, those of `fail`, and whatever the source throws.
 */
export async function receive(
  file: FileHandle,
  source: AsyncIterable<Uint8Array>,
  options: ReceiveOptions,
): Promise<{ digest: Digest; size: number }> {
  const { hash, size: from } = options.begun ?? { hash: createHash('sha256'), size: 0 };
  let size = from;
  let gathered: Uint8Array[] = [];
  let gatheredBytes = 0;
  let written = from;
  let writing: Promise<void> = Promise.resolve();
  const flush = async () => {
    const chunks = gathered;
    const at = written;
    written += gatheredBytes;
    gathered = [];
    gatheredBytes = 0;
    await writing;
    writing = writeAll(file, chunks, at).catch(options.fail);
    // Observed by the next flush; until then it must not count as unhandled.
    writing.catch(() => undefined);
  };
  try {
    for await (const chunk of untilAborted(source, options)) {
      size += chunk.length;
      if (size > options.limit) throw tooLong(options);
      hash.update(chunk);
      gathered.push(chunk);
      gatheredBytes += chunk.length;
      if (gatheredBytes >= GATHER) await flush();
      options.onBytes?.(size);
    }
  } catch (error) {
    // What has come may be gone on with.
    await flush()
      .then(() => writing)
      .catch(() => undefined);
    throw error;
  }
  await flush();
  await writing;
  return { digest: `sha256:${hash.digest('hex')}` as Digest, size };
}

function tooLong({ what, limit }: ReceiveOptions): TsrunError {
  return new TsrunError('ERR_TSRUN_BLOB_SIZE', `${what} is longer than the ${limit} bytes its descriptor declares`, {
    subject: what,
    hint: 'the sender is damaged or lies: try another registry or archive',
  });
}

async function writeAll(file: FileHandle, chunks: Uint8Array[], position: number): Promise<void> {
  let left = chunks;
  let at = position;
  while (left.length > 0) {
    const { bytesWritten } = await file.writev(left, at);
    at += bytesWritten;
    left = without(left, bytesWritten);
  }
}

/** A write may be short (a signal, a disk nearly full). */
function without(chunks: Uint8Array[], written: number): Uint8Array[] {
  let skip = written;
  let index = 0;
  for (; index < chunks.length && skip >= (chunks[index]?.length ?? 0); index += 1) skip -= chunks[index]?.length ?? 0;
  const first = chunks[index];
  return first === undefined ? [] : [first.subarray(skip), ...chunks.slice(index + 1)];
}

/** Ends a wait for the next chunk too: a stalled sender must not hold up an interrupt. */
export async function* untilAborted(
  source: AsyncIterable<Uint8Array>,
  { signal, what }: Pick<ReceiveOptions, 'signal' | 'what'>,
): AsyncGenerator<Uint8Array> {
  if (signal === undefined) return yield* source;
  const iterator = source[Symbol.asyncIterator]();
  let reject: (error: unknown) => void = () => undefined;
  const onAbort = () => reject(interrupted(what, signal));
  signal.addEventListener('abort', onAbort);
  try {
    for (;;) {
      const next = await new Promise<IteratorResult<Uint8Array>>((resolve, fail) => {
        reject = fail;
        if (signal.aborted) onAbort();
        else iterator.next().then(resolve, fail);
      });
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    // Not awaited: a generator in the middle of a stalled read answers only when that read ends.
    iterator.return?.().catch(() => undefined);
  }
}

function interrupted(what: string, signal: AbortSignal): TsrunError {
  return new TsrunError('ERR_TSRUN_INTERRUPTED', `interrupted while reading ${what}`, { subject: what, cause: signal.reason });
}
