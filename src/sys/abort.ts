/** AbortSignals that many may listen to. */
import { setMaxListeners } from 'node:events';

/**
 * A signal that aborts with the first of these, and adds no listener to any of them. Whoever waits for one of many things listens to it,
 * so Node's warning of a leak, from the eleventh listener on, would be wrong (Node 20 has that limit for AbortSignals too).
 */
export function anySignal(...signals: (AbortSignal | undefined)[]): AbortSignal {
  const signal = AbortSignal.any(signals.filter((one) => one !== undefined));
  setMaxListeners(0, signal);
  return signal;
}
