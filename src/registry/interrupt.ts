/** One listener on the caller's signal for a whole client: a signal with eleven makes Node print a warning. */
import { setMaxListeners } from 'node:events';

export interface Interrupt {
  /** Aborts with the caller's signal, and when the client is closed. */
  signal: AbortSignal;
  close(): void;
}

export function createInterrupt(outer: AbortSignal | undefined): Interrupt {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  const stop = () => controller.abort(outer?.reason);
  if (outer?.aborted) stop();
  else outer?.addEventListener('abort', stop, { once: true });
  return {
    signal: controller.signal,
    close: () => {
      outer?.removeEventListener('abort', stop);
      controller.abort();
    },
  };
}
