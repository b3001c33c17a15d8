/** Processes of the host, as proc(5) shows them. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Running } from './process.js';

/** Processes that a process has started and that have not ended. */
export function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** The first process of a container that runs, as the host counts: the child of the helper that is pid 1 somewhere (proc(5), NSpid). */
export function firstProcessOf(helper: Running): number {
  const first = childrenOf(helper.pid).find((pid) => /^NSpid:\t\d+\t1$/m.test(readFileSync(`/proc/${pid}/status`, 'utf8')));
  assert.ok(first !== undefined, 'the helper has a container');
  return first;
}

/** kill -9 of the helper and of what it has started besides the container. The helper is stopped first: its end is what the others wait for. */
export function killAllBut(helper: number, container: number): void {
  process.kill(helper, 'SIGSTOP');
  for (const pid of childrenOf(helper)) if (pid !== container) process.kill(pid, 'SIGKILL');
  process.kill(helper, 'SIGKILL');
}

/** True while the process is there and no zombie. */
export function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX] /s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** What a process is called by the kernel; '' when it has gone. */
export function commOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trimEnd();
  } catch {
    return '';
  }
}
