/** What a command left behind, told by a folder that it and all it starts were given as TMPDIR: processes, mounts, files. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** What tsrun removes in the background, and what a killed process holds, is gone soon; what is not has been forgotten. */
const GRACE_MS = 5_000;

/**
 * Looks until nothing is left or the time is over.
 * @param {string} directory
 * @returns {Promise<string[]>} one line each
 */
export async function remains(directory) {
  const end = performance.now() + GRACE_MS;
  for (;;) {
    const left = [...processes(directory), ...mounts(directory), ...readdirSync(directory).map((name) => join(directory, name))];
    if (left.length === 0 || performance.now() > end) return left;
    await pause(100);
  }
}

/** Those with the folder in their environment or arguments; others of another user than root's are not seen by that user. @param {string} directory */
function processes(directory) {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  return pids.flatMap((pid) => {
    if (!['environ', 'cmdline'].some((file) => read(`/proc/${pid}/${file}`).includes(directory))) return [];
    return [`process ${pid} ${read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')}`];
  });
}

/** @param {string} directory */
function mounts(directory) {
  const points = read('/proc/self/mountinfo')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '');
  return points.filter((point) => point.startsWith(`${directory}/`)).map((point) => `mount ${point}`);
}

/** A process may end, or be another user's, while we look. @param {string} file */
function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
