/** Tries again what a moment may cure: broken connections, 408, 429, 5xx. Whatever is asked here may be asked twice. */
import { setTimeout as sleep } from 'node:timers/promises';
import { interrupted } from './failure.js';
import { type HttpRequest, type HttpResponse, headerOf, type Send, type Tuning } from './http.js';

export interface RetryEvent {
  reason: string;
  /** which try comes next: 2 for the first retry */
  attempt: number;
  digest?: string;
}

export interface RetryOptions {
  tuning: Tuning;
  signal: AbortSignal;
  onRetry: (event: RetryEvent) => void;
}

/** The same Send, patient: resolves to the last answer, or rejects with the last error. */
export function retrying(send: Send, options: RetryOptions): Send {
  return async (request) => {
    for (let attempt = 1; ; attempt++) {
      const outcome = await send(request).catch((error: unknown) => new Failed(error));
      const isLast = attempt >= options.tuning.attempts;
      const reason = outcome instanceof Failed ? transientReason(outcome.error) : transientStatus(outcome.status);
      const asked = outcome instanceof Failed ? undefined : retryAfter(outcome, Date.now());
      const tooLong = asked !== undefined && asked > options.tuning.retryAfterCap;
      if (reason === undefined || isLast || tooLong || options.signal.aborted) {
        if (outcome instanceof Failed) throw outcome.error;
        return outcome;
      }
      if (!(outcome instanceof Failed)) outcome.body.destroy();
      options.onRetry(retryEvent(request.about, reason, attempt));
      await pause(Math.max(asked ?? 0, backoff(attempt, options.tuning)), options.signal);
    }
  };
}

export function retryEvent(about: HttpRequest['about'], reason: string, failed: number): RetryEvent {
  return { reason, attempt: failed + 1, ...(about.digest === undefined ? {} : { digest: about.digest }) };
}

class Failed {
  constructor(readonly error: unknown) {}
}

/** Exponential with jitter of half: many clients must not come back at the same moment. Milliseconds. */
export function backoff(attempt: number, tuning: Tuning): number {
  const full = Math.min(tuning.backoff * 2 ** (attempt - 1), tuning.backoffCap);
  return full / 2 + (Math.random() * full) / 2;
}

export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {
    throw interrupted(signal);
  });
}

const TRANSIENT: Readonly<Record<string, string>> = {
  ECONNRESET: 'connection reset',
  EPIPE: 'connection reset',
  ECONNABORTED: 'connection reset',
  UND_ERR_SOCKET: 'connection closed',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'connection closed',
  UND_ERR_HEADERS_TIMEOUT: 'no answer in time',
  UND_ERR_BODY_TIMEOUT: 'stalled',
  ETIMEDOUT: 'timed out',
  ERR_STREAM_PREMATURE_CLOSE: 'connection closed',
};

/** Why another try may help, or undefined. An unreachable host is not tried again: who is offline wants to know at once. */
export function transientReason(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && Object.hasOwn(TRANSIENT, code) ? TRANSIENT[code] : undefined;
}

export function transientStatus(status: number): string | undefined {
  return status === 408 || status === 429 || (status >= 500 && status <= 599) ? `HTTP ${status}` : undefined;
}

/** Retry-After (RFC 9110 §10.2.3) in milliseconds: seconds, a date, or the epoch seconds that Docker Hub sends. */
export function retryAfter(response: HttpResponse, now: number): number | undefined {
  const value = headerOf(response, 'retry-after')?.trim();
  if (!value) return undefined;
  if (/^\d{1,12}$/.test(value)) return Number(value) > 1e9 ? Math.max(0, Number(value) * 1000 - now) : Number(value) * 1000;
  const date = /^[A-Za-z]{3}/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
