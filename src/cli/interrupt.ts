/** ^C and its kin: the verb is told to stop, the terminal is put right, and we are gone at once. */
import { setMaxListeners } from 'node:events';

const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/** Milliseconds that the verb may take to close its files; half-made ones are found and removed by a later run anyway. */
const GRACE = 150;

/**
 * Runs a verb that a signal ends: its AbortSignal fires and, when it has settled, or after a moment, or on a second signal,
 * the process exits with 128+n. Without a signal it settles as the verb does.
 * @param restore puts the terminal right, and may say what the signal means; may be called several times
 * @param grace milliseconds that this moment may last
 */
export async function interruptible<T>(
  verb: (signal: AbortSignal) => Promise<T>,
  restore: (interrupted: boolean) => void,
  grace = GRACE,
): Promise<T> {
  const controller = new AbortController();
  // A pull listens once for each request: Node's warning of a leak at eleven would be wrong.
  setMaxListeners(0, controller.signal);
  let code: number | undefined;
  const onSignal = (name: keyof typeof SIGNALS) => {
    restore(code === undefined);
    if (code !== undefined) process.exit(code);
    code = 128 + SIGNALS[name];
    setTimeout(() => process.exit(code), grace);
    controller.abort();
  };
  for (const name of Object.keys(SIGNALS)) process.on(name, onSignal);
  try {
    return await verb(controller.signal);
  } finally {
    restore(false);
    if (code !== undefined) process.exit(code);
    for (const name of Object.keys(SIGNALS)) process.off(name, onSignal);
  }
}
