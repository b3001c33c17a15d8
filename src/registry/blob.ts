/** One blob as a stream that survives cuts and stalls: it goes on where it was, with Range (RFC 9110 §14). */
import { TsrunError } from '../errors.js';
import type { Descriptor } from '../spec/image.js';
import { type HttpResponse, headerOf, type Tuning } from './http.js';
import { rangeHeaders, resumesAt, validatorOf } from './range.js';
import { backoff, pause, transientReason } from './retry.js';

export interface BlobSource {
  /** Sends one GET of the blob; resolves to 200, 206 or 416 only. */
  open(headers: Readonly<Record<string, string>>): Promise<HttpResponse>;
  /** The TsrunError for what broke the body. */
  explain(error: unknown, response: HttpResponse): TsrunError;
  onResume(reason: string, failures: number): void;
  descriptor: Descriptor;
  /** how many bytes the consumer has already */
  from: number;
  tuning: Tuning;
  signal: AbortSignal;
}

/** A try that brought this much was no failure of the registry as such: it may cut the next one, too. Bytes. */
const PROGRESS = 256 * 1024;
/** Less than this in the time of a stall is a stall. Bytes. */
const TRICKLE = 1024;

/** Yields the bytes in order, each once, and at most one byte beyond `descriptor.size`: the store refuses what has the wrong size. */
export async function* streamBlob(source: BlobSource): AsyncGenerator<Uint8Array, void, undefined> {
  const { descriptor, from, tuning, signal } = source;
  const state = { sent: from, etag: undefined as string | undefined, ranges: true };
  let failures = 0;
  let mark = from;
  for (;;) {
    const asksRange = state.sent > 0 && state.ranges;
    const response = await source.open(asksRange ? rangeHeaders(state.sent, state.etag) : {});
    let broken: unknown;
    try {
      const skip = skipFor(response, state, descriptor);
      if (skip === undefined) {
        // A range that is not the one asked for: once more, from zero
        state.ranges = false;
      } else {
        yield* copy(response, skip, state, source);
        if (state.sent >= descriptor.size) return;
      }
    } catch (error) {
      if (error instanceof TsrunError || signal.aborted || transientReason(error) === undefined) throw source.explain(error, response);
      if (state.sent >= descriptor.size && descriptor.size > 0) return;
      broken = error;
    } finally {
      response.body.destroy();
    }
    failures = state.sent - mark >= PROGRESS ? 1 : failures + 1;
    mark = state.sent;
    if (failures >= tuning.attempts) throw broken === undefined ? tooShort(descriptor, state.sent) : source.explain(broken, response);
    source.onResume(broken === undefined ? 'ended too early' : (transientReason(broken) ?? 'failed'), failures);
    await pause(backoff(failures, tuning), signal);
  }
}

interface State {
  /** bytes given to the consumer */
  sent: number;
  /** of the first answer */
  etag: string | undefined;
  /** false once the server lied about a range */
  ranges: boolean;
}

/** How many bytes of this answer the consumer already has; undefined when the answer is of no use. */
function skipFor(response: HttpResponse, state: State, descriptor: Descriptor): number | undefined {
  const { sent } = state;
  const encoding = headerOf(response, 'content-encoding');
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new TsrunError('ERR_TSRUN_REGISTRY_PROTOCOL', `${response.url.host} sent ${descriptor.digest} with a Content-Encoding`, {
      subject: descriptor.digest,
      hint: 'a proxy in between may compress what it must not: try without it',
    });
  }
  if (response.status === 206) return resumesAt(response, sent, descriptor.size, state.etag) ? 0 : undefined;
  if (response.status === 416) return undefined;
  const length = headerOf(response, 'content-length');
  if (length !== undefined && /^\d+$/.test(length) && Number(length) !== descriptor.size) {
    throw new TsrunError(
      'ERR_TSRUN_BLOB_SIZE',
      `${response.url.host} sends ${length} bytes for ${descriptor.digest}, its manifest says ${descriptor.size}`,
      {
        subject: descriptor.digest,
        hint: 'pull again; if it stays so, the image was pushed damaged or something in between alters it',
      },
    );
  }
  if (sent === 0) state.etag = validatorOf(response);
  // 200 to a request with Range: the whole blob again
  return sent;
}

async function* copy(response: HttpResponse, skip: number, state: State, source: BlobSource): AsyncGenerator<Uint8Array, void, undefined> {
  const end = source.descriptor.size + 1;
  const pace = pacer(source.tuning.stall);
  const chunks = response.body[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let left = skip;
  for (;;) {
    const asked = performance.now();
    const { done, value } = await chunks.next();
    if (done) return;
    pace(value.length, performance.now() - asked);
    const fresh = value.subarray(Math.min(left, value.length), Math.max(0, left) + end - state.sent);
    left -= value.length - fresh.length;
    if (fresh.length === 0) continue;
    state.sent += fresh.length;
    yield fresh;
    if (state.sent >= end) return;
  }
}

/** Counts only the time spent waiting for the network: a slow disk is no stall. */
function pacer(stall: number): (bytes: number, waited: number) => void {
  let bytes = 0;
  let waited = 0;
  return (newBytes, newWait) => {
    bytes += newBytes;
    waited += newWait;
    if (waited < stall) return;
    if (bytes < TRICKLE)
      throw Object.assign(new Error(`only ${bytes} bytes in ${Math.round(waited / 1000)} s`), { code: 'UND_ERR_BODY_TIMEOUT' });
    bytes = 0;
    waited = 0;
  };
}

function tooShort(descriptor: Descriptor, sent: number): TsrunError {
  return new TsrunError('ERR_TSRUN_BLOB_SIZE', `the registry has only ${sent} of the ${descriptor.size} bytes of ${descriptor.digest}`, {
    subject: descriptor.digest,
    hint: 'pull again; if it stays so, the image was pushed damaged',
  });
}
