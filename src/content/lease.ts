/**
 * A lease keeps blobs that no reference names yet from being collected while their process lives (a pull puts its reference last).
 *
 *   pull:  lock gc shared, write digests, unlock → look for the blob, fetch it → … → put the reference → release
 *   gc:    lock gc exclusive → read leases, then references → remove the rest → unlock
 *
 * Leases are read before references: whoever has just released one has put its reference before.
 */
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { appendFile, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from '../errors.js';
import type { StorePaths } from '../paths.js';
import { type Digest, isDigest } from '../spec/digest.js';
import { isLocked, type Lock, tryLock } from '../sys/flock.js';
import { storeFailure } from './failure.js';
import { lockStore } from './lock.js';

const PREFIX = 'lease-';

export class Lease {
  readonly #paths: StorePaths;
  readonly #path: string;
  readonly #lock: Lock;

  /** A new lease, over nothing. */
  constructor(paths: StorePaths) {
    this.#paths = paths;
    this.#path = join(paths.locks, PREFIX + randomUUID());
    try {
      this.#lock = heldFile(this.#path);
    } catch (cause) {
      throw storeFailure(cause, 'cannot lock the store', this.#path);
    }
  }

  /** From here on these blobs stay. To be called before looking whether they are there. */
  async protect(digests: readonly Digest[], signal?: AbortSignal): Promise<void> {
    using _gc = await lockStore(this.#paths, 'gc', 'shared', signal);
    const lines = digests.map((digest) => `${digest}\n`).join('');
    await appendFile(this.#path, lines).catch((cause: unknown) => {
      throw storeFailure(cause, 'cannot write to the store', this.#path, lines.length);
    });
  }

  [Symbol.dispose](): void {
    rmSync(this.#path, { force: true });
    this.#lock.release();
  }
}

/** What living processes protect, for who only looks: nothing is removed and no lock is waited for. */
export async function glanceAtLeases(paths: StorePaths): Promise<Set<Digest>> {
  const leased = new Set<Digest>();
  for (const name of await readdir(paths.locks).catch(() => [])) {
    const path = join(paths.locks, name);
    if (name.startsWith(PREFIX) && isLocked(path)) await addLines(path, leased);
  }
  return leased;
}

async function addLines(path: string, to: Set<Digest>): Promise<void> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    if (errnoOf(cause) === 'ENOENT') return ''; // released in this very moment: its reference is there already
    throw storeFailure(cause, 'cannot read what a pull needs', path);
  });
  for (const line of text.split('\n')) if (isDigest(line)) to.add(line);
}

/** A collector may look at the file between its making and its lock. */
function heldFile(path: string): Lock {
  for (;;) {
    const held = tryLock(path, 'exclusive');
    if (held !== undefined) return held;
  }
}

/** What living processes protect. Leases of dead ones are removed. The caller holds the gc lock exclusively. */
export async function leasedDigests(paths: StorePaths): Promise<Set<Digest>> {
  const leased = new Set<Digest>();
  for (const name of await readdir(paths.locks)) {
    if (!name.startsWith(PREFIX)) continue;
    const path = join(paths.locks, name);
    const dead = tryLock(path, 'exclusive');
    if (dead !== undefined) {
      rmSync(path, { force: true });
      dead.release();
      continue;
    }
    await addLines(path, leased);
  }
  return leased;
}
