/** What the standard streams of this process are, for a plan that hands them on. */
import { fstatSync, readlinkSync, type Stats } from 'node:fs';
import { isatty } from 'node:tty';
import type { StdioFacts, StreamFacts } from '../plan/streams.js';

/** The caller's, when this process was forked to compile for him. */
export function inheritedStreams(): StdioFacts {
  return { stdin: factsOf(0), stdout: factsOf(1), stderr: factsOf(2) };
}

/** What node:child_process connects with `pipe`: sockets, each its own. */
export function pipedStreams(): StdioFacts {
  const socket = (file: string): StreamFacts => ({ type: 'socket', uid: process.getuid?.() ?? 0, file });
  return { stdin: socket('stdin'), stdout: socket('stdout'), stderr: socket('stderr') };
}

function factsOf(fd: number): StreamFacts {
  const stat = fstatSync(fd);
  return { type: isatty(fd) ? 'terminal' : typeOf(fd, stat), uid: stat.uid, file: `${stat.dev}:${stat.ino}` };
}

/** Only a pipe without a name is nobody else's: a fifo is a file of the host, whose mode the container could change. */
function typeOf(fd: number, stat: Stats): StreamFacts['type'] {
  if (stat.isSocket()) return 'socket';
  if (stat.isFIFO()) return isAnonymous(fd) ? 'pipe' : 'file';
  return stat.isCharacterDevice() ? 'device' : 'file';
}

/** pipe(7): procfs shows `pipe:[inode]`; what has a name on the host shows that. Where it cannot be known, it has one. */
function isAnonymous(fd: number): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`).startsWith('pipe:[');
  } catch {
    return false;
  }
}
