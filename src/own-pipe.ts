/**
 * A pipe that was inherited, opened once more for us alone: its reads and writes need not block, so that they can be given up (one in Node's
 * thread pool would hold up ^C), and those who share the pipe keep it as it is.
 */
import { constants, fstatSync, openSync } from 'node:fs';

/** Undefined when it is no pipe, or another user's. */
export function ownPipe(fd: 0 | 1): number | undefined {
  try {
    const flags = fd === 0 ? constants.O_RDONLY : constants.O_WRONLY;
    return fstatSync(fd).isFIFO() ? openSync(`/proc/self/fd/${fd}`, flags | constants.O_NONBLOCK) : undefined;
  } catch {
    return undefined;
  }
}
