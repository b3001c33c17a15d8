/** `eq` and `lt` (text/template/funcs.go): values of one basic kind can be compared, and anything with nil. */
import { templateError } from './fail.js';
import { compareText, Float, GoMap, isSlice, typeOf, type Value } from './value.js';

/** Any two lists or maps are refused, as in Go, also the same. */
export function equal(a: Value, b: Value): boolean {
  const nil = [a, b].map((value) => value === undefined || value === null);
  if (nil[0] || nil[1]) return nil[0] === nil[1];
  for (const value of [a, b]) if (isSlice(value) || value instanceof GoMap) throw templateError(`a ${typeOf(value)} cannot be compared`);
  if (typeOf(a) !== typeOf(b)) throw incompatible(a, b);
  return a instanceof Float && b instanceof Float ? a.value === b.value : a === b;
}

/** Negative when `a` comes first. */
export function compare(a: Value, b: Value): number {
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b);
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (a instanceof Float && b instanceof Float) return a.value - b.value;
  throw typeOf(a) === typeOf(b) ? templateError(`a ${typeOf(a)} has no order`) : incompatible(a, b);
}

function incompatible(a: Value, b: Value): Error {
  return templateError(`incompatible types for comparison: ${typeOf(a)} and ${typeOf(b)}`);
}
