/** Plans by chance: good ones of any shape, and ones that were damaged with an eye for where their fields lie. */
import fc from 'fast-check';
import { jsonText } from '../../src/plan/encode.js';
import { OPERATIONS, type Operation, type Plan } from '../../src/plan/operations.js';
import { SLOTS, slot } from '../../src/plan/slot.js';
import { type Field, fieldsOf } from './reader.js';

const name = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  minLength: 1,
  maxLength: 64,
});
const literal = fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0'));
const marked = fc.oneof(
  fc.constantFrom(...SLOTS).map(slot),
  fc.integer({ min: 0, max: 999 }).map((number) => slot(`new-id:${number}`)),
  fc.constantFrom('A', 'LONG_NAME', 'odd name', 'ü').map((variable) => slot(`env:${variable}`)),
);
const text = fc.oneof(
  fc.array(fc.oneof(literal, marked), { maxLength: 4 }).map((parts) => parts.join('')),
  fc.array(fc.oneof(literal, marked), { maxLength: 3 }).map(jsonText),
);

/** @param later processes that may be started  @param known processes that may be named */
function operation(later: readonly string[], known: readonly string[], depth: number): fc.Arbitrary<Operation> {
  const names = Object.entries(OPERATIONS).filter(
    ([own, kinds]) => (own !== 'clone' || later.length > 0) && (depth > 0 || !/[oq]/.test(kinds)) && own !== 'detach',
  );
  const one = ([own, kinds]: [string, string]) => {
    const argument = (kind: string): fc.Arbitrary<unknown> => {
      switch (kind) {
        case 'p':
          return fc.constantFrom(...(own === 'clone' ? later : known));
        case 'd':
          return name;
        case 'n':
          return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
        case 'l':
          return fc.array(text, { maxLength: 5 });
        case 'v':
          return fc.array(fc.maxSafeInteger(), { maxLength: 5 });
        case 'x':
          return fc.uint8Array({ maxLength: 40 });
        case 'o':
          return fc.array(operation(later, known, depth - 1), { maxLength: 3 });
        case 'q':
          return plan(depth - 1, true);
        default:
          return text;
      }
    };
    return fc.tuple(fc.constant(own), ...[...kinds].map(argument)) as unknown as fc.Arbitrary<Operation>;
  };
  const detach = fc.tuple(fc.constant('detach' as const), name, plan(depth - 1, true)) as fc.Arbitrary<Operation>;
  return fc.oneof(
    { weight: 20, arbitrary: fc.constantFrom(...names).chain(one) },
    ...(depth > 0 ? [{ weight: 1, arbitrary: detach }] : []),
  );
}

export function plan(depth = 3, nested = false): fc.Arbitrary<Plan> {
  return fc.uniqueArray(name, { minLength: 1, maxLength: 4 }).chain((names) => {
    const known = nested ? [...names, 'caller'] : names;
    const processes = names.map((own, index) =>
      fc.record({ name: fc.constant(own), operations: fc.array(operation(names.slice(index + 1), known, depth), { maxLength: 6 }) }),
    );
    return fc.record({ processes: fc.tuple(...processes) }) as fc.Arbitrary<Plan>;
  });
}

/** Damages a plan in one to three places. Most keep a right length in their head, so that what lies behind it is looked at. */
export function damaged(good: Buffer): fc.Arbitrary<Buffer> {
  const fields = fieldsOf(good);
  const at = fc.nat(fields.length - 1).map((index) => fields[index] as Field);
  const change = fc.oneof(
    fc.record({ field: at, kind: fc.constant('number' as const), by: fc.integer({ min: -4, max: 4 }) }),
    fc.record({ field: at, kind: fc.constant('byte' as const), by: fc.nat(255) }),
    fc.record({ field: at, kind: fc.constant('remove' as const), until: at }),
    fc.record({ field: at, kind: fc.constant('repeat' as const), until: at }),
    fc.record({ field: at, kind: fc.constant('copy' as const), from: at }),
  );
  return fc.tuple(fc.array(change, { minLength: 1, maxLength: 3 }), fc.nat(9)).map(([changes, honesty]) => {
    const bytes = changes.reduce((now, one) => apply(now, one), good);
    if (honesty > 0 && bytes.length >= 16) bytes.writeUInt32LE(bytes.length - 16, 12);
    return bytes;
  });
}

type Change =
  | { kind: 'number' | 'byte'; field: Field; by: number }
  | { kind: 'remove' | 'repeat'; field: Field; until: Field }
  | { kind: 'copy'; field: Field; from: Field };

function apply(bytes: Buffer, change: Change): Buffer {
  const copy = Buffer.from(bytes);
  const { start, end } = change.field;
  switch (change.kind) {
    case 'number':
      if (end - start >= 4 && end <= copy.length) copy.writeUInt32LE((copy.readUInt32LE(start) + change.by) >>> 0, start);
      return copy;
    case 'byte':
      if (start < copy.length) copy[start] = change.by;
      return copy;
    case 'copy':
      return Buffer.concat([copy.subarray(0, start), bytes.subarray(change.from.start, change.from.end), copy.subarray(end)]);
    default: {
      const [from, to] = [Math.min(start, change.until.start), Math.max(end, change.until.end)];
      const middle = change.kind === 'repeat' ? [copy.subarray(from, to), copy.subarray(from, to)] : [];
      return Buffer.concat([copy.subarray(0, from), ...middle, copy.subarray(to)]);
    }
  }
}
