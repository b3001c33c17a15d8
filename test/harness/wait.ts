/** Waiting for what happens elsewhere, without a fixed pause. */
import { setTimeout as pause } from 'node:timers/promises';

/** Waits until a condition holds. @returns whether it did */
export async function until(condition: () => boolean | Promise<boolean>, milliseconds = 5000): Promise<boolean> {
  for (const deadline = Date.now() + milliseconds; Date.now() < deadline; await pause(10)) if (await condition()) return true;
  return condition();
}
