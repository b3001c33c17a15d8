/** Arithmetic on ranges of host ids. Pure. */
import type { IdRange } from './idmap-form.js';
import type { ProcMap } from './subordinate.js';

export interface HostRange {
  start: number;
  size: number;
}

export function total(ranges: readonly HostRange[]): number {
  return ranges.reduce((sum, { size }) => sum + size, 0);
}

function overlaps(range: HostRange, others: readonly HostRange[]): boolean {
  return others.some((other) => range.start < other.start + other.size && other.start < range.start + range.size);
}

/** The ranges in their order, without what an earlier one or `holes` already has: the kernel refuses a map that names an id twice. */
export function subtract(ranges: readonly HostRange[], holes: readonly HostRange[]): HostRange[] {
  const kept: HostRange[] = [];
  for (const range of ranges) {
    kept.push(...[...holes, ...kept].reduce((pieces, hole) => pieces.flatMap((piece) => cut(piece, hole)), [range]));
  }
  return kept;
}

function cut(range: HostRange, hole: HostRange): HostRange[] {
  const end = range.start + range.size;
  const holeEnd = hole.start + hole.size;
  if (holeEnd <= range.start || end <= hole.start) return [range];
  const before = { start: range.start, size: hole.start - range.start };
  const after = { start: holeEnd, size: end - holeEnd };
  return [before, after].filter(({ size }) => size > 0);
}

/** What of the ranges this namespace has. */
export function within(ranges: readonly HostRange[], map: readonly ProcMap[]): HostRange[] {
  return ranges.flatMap((range) =>
    [...map]
      .sort((a, b) => a.inside - b.inside)
      .flatMap(({ inside, size }) => {
        const start = Math.max(range.start, inside);
        const end = Math.min(range.start + range.size, inside + size);
        return end > start ? [{ start, size: end - start }] : [];
      }),
  );
}

/** Container ids from 0 on, without a gap; neighbours on both sides become one line. */
export function layOut(ranges: readonly HostRange[]): IdRange[] {
  const lines: IdRange[] = [];
  let containerId = 0;
  for (const { start, size } of ranges) {
    const last = lines.at(-1);
    if (last && last.hostId + last.size === start) last.size += size;
    else lines.push({ containerId, hostId: start, size });
    containerId += size;
  }
  return lines;
}

/** The lowest aligned block between `from` and `to` (inclusive) that overlaps nothing taken. */
export function freeBlock(
  taken: readonly HostRange[],
  wanted: { from: number; to: number; size: number; align: number; offset: number },
): HostRange | undefined {
  const aligned = (id: number) => Math.ceil((id - wanted.offset) / wanted.align) * wanted.align + wanted.offset;
  const candidates = [wanted.from, ...taken.map(({ start, size }) => start + size)].map(aligned).sort((a, b) => a - b);
  return candidates
    .map((start) => ({ start, size: wanted.size }))
    .find((block) => block.start >= wanted.from && block.start + block.size - 1 <= wanted.to && !overlaps(block, taken));
}

/** `size` ids, from the one that `offset` counts to. */
export function slice(ranges: readonly HostRange[], offset: number, size: number): HostRange[] {
  let skip = offset;
  let left = size;
  return ranges.flatMap((range) => {
    const skipped = Math.min(skip, range.size);
    const taken = Math.min(left, range.size - skipped);
    skip -= skipped;
    left -= taken;
    return taken > 0 ? [{ start: range.start + skipped, size: taken }] : [];
  });
}

/** The lines of a map with two ids of the container exchanged; both must be in it. */
export function exchanged(lines: readonly IdRange[], one: number, other: number): IdRange[] {
  const hostOf = (id: number) => lines.find(({ containerId, size }) => id >= containerId && id < containerId + size);
  const own = (id: number, as: number): IdRange[] => {
    const line = hostOf(id);
    return line ? [{ containerId: as, hostId: line.hostId + id - line.containerId, size: 1 }] : [];
  };
  const holes = [one, other].map((start) => ({ start, size: 1 }));
  const rest = lines.flatMap(({ containerId, hostId, size }) =>
    subtract([{ start: containerId, size }], holes).map((piece) => ({
      containerId: piece.start,
      hostId: hostId + piece.start - containerId,
      size: piece.size,
    })),
  );
  return one === other ? [...lines] : [...rest, ...own(one, other), ...own(other, one)].sort((a, b) => a.containerId - b.containerId);
}

/** From the host ids of one map to those of another, where both have the container's id: as lines of a map whose inside is the one. */
export function between(one: readonly IdRange[], other: readonly IdRange[]): IdRange[] {
  return one.flatMap((a) =>
    other.flatMap((b) => {
      const first = Math.max(a.containerId, b.containerId);
      const end = Math.min(a.containerId + a.size, b.containerId + b.size);
      const line = { containerId: a.hostId + first - a.containerId, hostId: b.hostId + first - b.containerId, size: end - first };
      return end > first ? [line] : [];
    }),
  );
}

/** The kernel wants the ids of one line in one line of the caller's own map. What is in none stays, for the kernel to refuse. */
export function asLinesOf(lines: readonly IdRange[], own: readonly ProcMap[]): IdRange[] {
  return lines.flatMap(({ containerId, hostId, size }) => {
    const whole = { start: hostId, size };
    const known = within([whole], own);
    const pieces = [...known, ...subtract([whole], known)].sort((a, b) => a.start - b.start);
    return pieces.map((piece) => ({
      containerId: containerId + piece.start - hostId,
      hostId: piece.start,
      size: piece.size,
    }));
  });
}
