/**
 * One blob on its way into a registry (distribution-spec, "Pushing blobs"):
 *
 *   POST uploads/ → 202 Location     a session
 *   PUT Location?digest=             all of it at once: what every registry takes
 *   PATCH Location, Content-Range …  in pieces: a large one, or where the registry demands it
 *   GET Location → 204 Range         after a cut: how much is there; it goes on from there
 *
 * A session that may hold a part is never sent the whole, nor closed before all is there.
 */
import { TsrunError } from '../errors.js';
import type { Descriptor } from '../spec/image.js';
import type { Answered } from './authorize.js';
import type { HttpRequest, Tuning } from './http.js';
import { assertTaken } from './push-failure.js';
import { backoff, pause, retryAfter, transientReason, transientStatus } from './retry.js';
import { UploadBody } from './upload-body.js';
import { closingUrl, receivedOf, type UploadSession } from './upload-location.js';

/** The registry as one upload sees it. */
export interface UploadRegistry {
  /** POST; a new session. */
  begin(): Promise<UploadSession>;
  /** One try, which rejects with the network's own errors. */
  send(request: Pick<HttpRequest, 'method' | 'url' | 'headers' | 'body'>): Promise<Answered>;
  /** GET of a session's place, patient. */
  status(url: URL): Promise<Answered>;
  exists(): Promise<boolean>;
  /** Where the next bytes go, after an answer to the last ones. */
  moved(answered: Answered, session: UploadSession, sent: number): UploadSession;
  refusal(answered: Answered): Promise<TsrunError>;
  explain(error: unknown, url: URL): TsrunError;
}

export interface Upload {
  registry: UploadRegistry;
  descriptor: Descriptor;
  /** each iteration begins anew */
  bytes: AsyncIterable<Uint8Array>;
  /** one that is open already: a mount that was not granted leaves it */
  session?: UploadSession | undefined;
  tuning: Tuning;
  signal: AbortSignal;
  onResume(reason: string, failures: number): void;
}

/** A try that brought this much was no failure of the registry as such. Bytes. */
const PROGRESS = 256 * 1024;
/** To a piece: that there are no pieces here, or none of this kind. */
const NO_PIECES: readonly number[] = [400, 404, 405, 411, 416, 501];
/** To all at once: that it is to come in pieces. */
const NO_WHOLE: readonly number[] = [405, 411, 501];

interface State {
  body: UploadBody;
  session: UploadSession | undefined;
  /** bytes of a piece; undefined: all at once */
  piece: number | undefined;
  /** ways that were not taken: none is tried twice */
  refused: Set<'whole' | 'pieces'>;
  /** without progress since `mark` */
  failures: number;
  mark: number;
}

type Trouble = { answered: Answered; isPiece: boolean } | { error: unknown; reason: string; url: URL };

/** Errors: ERR_TSRUN_REGISTRY_*, ERR_TSRUN_BLOB_DIGEST, ERR_TSRUN_INTERRUPTED, and whatever the bytes throw. */
export async function uploadBlob(upload: Upload): Promise<void> {
  const { descriptor, bytes, registry, tuning } = upload;
  const body = new UploadBody(bytes);
  const piece = descriptor.size > tuning.large ? tuning.piece : undefined;
  const state: State = { body, session: upload.session, piece, refused: new Set(), failures: 0, mark: 0 };
  if (descriptor.size === 0) await body.drain();
  try {
    for (;;) {
      state.session ??= await registry.begin();
      const trouble = await step(upload, state, state.session);
      if (trouble === 'done' || (typeof trouble === 'object' && (await recover(upload, state, trouble)) === 'done')) return;
    }
  } finally {
    body.close();
  }
}

/** The next request of a session. */
async function step(upload: Upload, state: State, session: UploadSession): Promise<'done' | 'more' | Trouble> {
  const { registry, descriptor, signal } = upload;
  const { request, end } = nextRequest(upload, state, session);
  let answered: Answered;
  try {
    answered = await registry.send(request);
  } catch (error) {
    if (state.body.failure !== undefined) throw state.body.failure.error;
    const reason = error instanceof TsrunError || signal.aborted ? undefined : transientReason(error);
    if (reason === undefined) throw registry.explain(error, request.url);
    return { error, reason, url: request.url };
  }
  const { response } = answered;
  if (state.body.failure !== undefined) {
    response.body.destroy();
    throw state.body.failure.error;
  }
  if (response.status < 200 || response.status > 299) return { answered, isPiece: request.method === 'PATCH' };
  response.body.destroy();
  if (request.method === 'PATCH') {
    state.session = registry.moved(answered, session, end);
    return 'more';
  }
  assertTaken(response, descriptor.digest);
  return 'done';
}

function nextRequest({ descriptor, tuning }: Upload, state: State, session: UploadSession) {
  const { digest, size } = descriptor;
  const { offset, least } = session;
  const stream = { 'content-type': 'application/octet-stream' };
  const bodyOf = (end: number) => ({
    headers: { ...stream, 'content-length': String(end - offset) },
    ...(end > offset ? { body: () => state.body.piece(offset, end - offset) } : {}),
  });
  if (least > 0 && size > least) state.piece ??= Math.max(tuning.piece, least);
  const isWhole = offset === 0 && (state.piece === undefined || size === 0);
  if (isWhole || offset === size)
    return { request: { method: 'PUT' as const, url: closingUrl(session, digest), ...bodyOf(size) }, end: size };
  const end = Math.min(size, offset + Math.max(state.piece ?? size, least));
  const { headers, ...body } = bodyOf(end);
  const range = { 'content-range': `${offset}-${end - 1}` };
  return { request: { method: 'PATCH' as const, url: session.url, headers: { ...headers, ...range }, ...body }, end };
}

/** What makes the next step another one. Throws what ends it all. */
async function recover(upload: Upload, state: State, trouble: Trouble): Promise<'done' | 'again'> {
  if ('answered' in trouble && changeWay(upload, state, trouble)) {
    trouble.answered.response.body.destroy();
    state.session = undefined;
    return 'again';
  }
  const { reason, wait, fail } = troubleOf(upload, trouble);
  const offset = state.session?.offset ?? 0;
  state.failures = offset - state.mark >= PROGRESS ? 1 : state.failures + 1;
  state.mark = Math.max(state.mark, offset);
  if (reason === undefined || state.failures >= upload.tuning.attempts) throw await fail();
  if ('answered' in trouble) trouble.answered.response.body.destroy();
  upload.onResume(reason, state.failures);
  await pause(Math.max(wait, backoff(state.failures, upload.tuning)), upload.signal);
  return resync(upload, state);
}

/** Smaller pieces, pieces at all, or none. @returns false where that is not what is wrong */
function changeWay(
  { descriptor: { size }, tuning }: Upload,
  state: State,
  { answered, isPiece }: { answered: Answered; isPiece: boolean },
): boolean {
  const { status } = answered.response;
  const least = state.session?.least ?? 0;
  if (status === 413) {
    const smaller = [tuning.piece / 4, tuning.piece / 16].find((each) => each < Math.min(state.piece ?? size, size) && each >= least);
    if (smaller === undefined) return false;
    state.piece = smaller;
    return true;
  }
  const isFirst = state.session?.offset === 0;
  if (isPiece && isFirst && least === 0 && NO_PIECES.includes(status) && !state.refused.has('pieces')) {
    state.refused.add('pieces');
    state.piece = undefined;
    return !state.refused.has('whole');
  }
  // The rest after a cut is a piece, too: then all of it anew
  if (isPiece && !isFirst && state.piece === undefined && [400, 405, 411, 501].includes(status)) {
    state.refused.add('pieces');
    return true;
  }
  if (!isPiece && isFirst && NO_WHOLE.includes(status) && !state.refused.has('whole')) {
    state.refused.add('whole');
    state.piece = tuning.piece;
    return !state.refused.has('pieces');
  }
  return false;
}

/** @returns reason undefined: no other try helps */
function troubleOf(upload: Upload, trouble: Trouble) {
  const { registry, tuning } = upload;
  if ('error' in trouble) return { reason: trouble.reason, wait: 0, fail: async () => registry.explain(trouble.error, trouble.url) };
  const { answered, isPiece } = trouble;
  const { response } = answered;
  const wait = retryAfter(response, Date.now()) ?? 0;
  // Lost by the registry, or told to be elsewhere: what is there is asked for, and it goes on
  const isLost = isPiece ? [404, 416].includes(response.status) : response.status === 404;
  const reason = isLost ? 'the upload was lost' : transientStatus(response.status);
  return { reason: wait > tuning.retryAfterCap ? undefined : reason, wait, fail: () => registry.refusal(answered) };
}

/** What the registry has by now decides: the blob itself (only the answer was lost), a part of it, or nothing. */
async function resync({ registry, descriptor }: Upload, state: State): Promise<'done' | 'again'> {
  const { session } = state;
  state.session = undefined;
  if (session === undefined) return 'again';
  if (await registry.exists()) return 'done';
  const answered = await registry.status(session.url);
  const { response } = answered;
  response.body.destroy();
  if (response.status < 200 || response.status > 299) return 'again';
  const received = receivedOf(response, descriptor.size);
  // Without a word on how much there is, a new session is the only one that surely has nothing
  const goesOn = received === 0 || (received !== undefined && !state.refused.has('pieces'));
  if (goesOn) state.session = { ...registry.moved(answered, session, received), offset: received };
  return 'again';
}
