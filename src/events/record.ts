/** Appends an event. What happened has happened: a store that cannot be written loses its event and fails nothing. */
import { closeSync, constants, openSync, renameSync, statSync, writeSync } from 'node:fs';
import type { HostPath } from '../paths.js';
import { tryLock } from '../sys/flock.js';
import { EVENTS_LIMIT, eventLine, rotatedFile, type StoreEvent } from './event.js';

export function recordEvent(file: HostPath, event: Omit<StoreEvent, 'time'>): void {
  try {
    makeRoom(file);
    append(file, `${JSON.stringify(eventLine({ ...event, time: now() }))}\n`);
  } catch {
    // see above
  }
}

/** In one write: others append at the same time. */
function append(file: HostPath, line: string): void {
  const { O_APPEND, O_CREAT, O_NOFOLLOW, O_WRONLY } = constants;
  const fd = openSync(file, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0o600);
  try {
    writeSync(fd, line);
  } finally {
    closeSync(fd);
  }
}

/** The lock is only ever had on what has the name: two that find it full do not rotate twice (op_append in native/files.c). */
function makeRoom(file: HostPath): void {
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) < EVENTS_LIMIT) return;
  using held = tryLock(file, 'exclusive');
  if (held !== undefined && statSync(file).size >= EVENTS_LIMIT) renameSync(file, rotatedFile(file));
}

/** Milliseconds by which the two clocks may differ. */
const DRIFT = 2;

/** As exact as the helper's, unless the machine slept or its clock was set since this process began: then the clock alone is right. */
function now(): string {
  const exact = performance.timeOrigin + performance.now();
  const agree = Math.abs(exact - Date.now()) < DRIFT;
  const nanoseconds = agree ? BigInt(Math.round(exact * 1e6)) : BigInt(Date.now()) * 1_000_000n;
  const seconds = new Date(Number(nanoseconds / 1_000_000n)).toISOString().slice(0, 19);
  return `${seconds}.${String(nanoseconds % 1_000_000_000n).padStart(9, '0')}Z`;
}
