/** Several things side by side, as long as none fails. */
import { anySignal } from '../sys/abort.js';

/** Works on the items in their order, `count` of them at a time. When one fails the others are told to stop, and the first failure is thrown. */
export async function atOnce<T>(
  count: number,
  items: readonly T[],
  outer: AbortSignal | undefined,
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const siblings = new AbortController();
  const signal = anySignal(outer, siblings.signal);
  const waiting = items.values();
  let failure: { error: unknown } | undefined;
  const one = async () => {
    for (const item of waiting) await work(item, signal);
  };
  const workers = Array.from({ length: count }, () =>
    one().catch((error: unknown) => {
      failure ??= { error };
      siblings.abort();
    }),
  );
  await Promise.all(workers);
  if (failure !== undefined) throw failure.error;
}
