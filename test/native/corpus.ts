/** Plans that are none, each made from a good one by one change, and what the helper says of it. */
import { encodePlan, jsonText } from '../../src/plan/encode.js';
import type { Operation, Plan } from '../../src/plan/operations.js';
import { slot } from '../../src/plan/slot.js';
import { fieldsOf } from './reader.js';

export interface Malformed {
  what: string;
  bytes: Buffer;
  /** The reason that is given. */
  says: RegExp;
}

/** Every kind of argument, text part and nesting is in it. Executed, it makes `directory` and ends with status 0. */
export function goodPlan(directory: string): Plan {
  const inner: Plan = { processes: [{ name: 'inner', operations: [['send', 'caller', 'started']] }] };
  return {
    processes: [
      {
        name: 'parent',
        operations: [
          ['stage', 'prepare'],
          ['mkdir', directory, 0o700],
          ['on-exit', 0, [['on-exit', 1, [['remove', '/nowhere']]]]],
          ['write-file', `${directory}/${slot('short-id')}`, 0o600, jsonText({ home: slot('env:HOME') })],
          ['detach', 'keeper', inner],
          ['await', 'keeper', 'started'],
          ['clone', 'child', 0],
          ['wait', 'child'],
        ],
      },
      {
        name: 'child',
        operations: [
          ['set-ids', process.getuid?.() ?? 0, process.getgid?.() ?? 0, process.getgroups?.() ?? []],
          ['exec', ['true', slot('env:SURELY_UNSET')], ['A=b'], '/bin:/usr/bin'],
          ['seccomp', Buffer.from([0, 1, 2, 255])],
        ],
      },
    ],
  };
}

/** All but the truncated ones. */
export function malformed(good: Buffer): Malformed[] {
  return [...oversized(good), ...wrongHeads(good), ...wrongContents(), ...tooMuch()];
}

/** Cut at every byte. */
export function truncated(good: Buffer): Malformed[] {
  return Array.from({ length: good.length }, (_, size) => ({
    what: `cut at byte ${size}`,
    bytes: good.subarray(0, size),
    says: size < 8 ? /not a launch plan|ends before/ : /ends before|not what it says/,
  }));
}

/** The same, where the length in front says what is there. */
export function truncatedHonestly(good: Buffer): Malformed[] {
  return truncated(good)
    .slice(16)
    .map(({ what, bytes }) => ({ what: `${what}, its length set right`, bytes: withLength(bytes), says: /./ }));
}

const TOO_LARGE = [2 ** 32 - 1, 2 ** 31, 2 ** 31 - 1, 2 ** 24 + 1];

/** Each length and count says more than there is. */
function oversized(good: Buffer): Malformed[] {
  const fields = fieldsOf(good).filter(({ type }) => type === 'length' || type === 'count');
  return fields.flatMap(({ type, start }) =>
    [...TOO_LARGE, good.length - start].map((value) => {
      const bytes = Buffer.from(good);
      bytes.writeUInt32LE(value, start);
      return { what: `the ${type} at byte ${start} says ${value}`, bytes, says: /./ };
    }),
  );
}

function wrongHeads(good: Buffer): Malformed[] {
  const changed = (what: string, at: number, value: number, says: RegExp) => {
    const bytes = Buffer.from(good);
    bytes.writeUInt8(value, at);
    return { what, bytes, says };
  };
  return [
    { what: 'nothing', bytes: Buffer.alloc(0), says: /ends before|not a launch plan/ },
    changed('another magic', 7, 0x58, /not a launch plan/),
    changed('version 0', 8, 0, /version/),
    changed('version 2', 8, 2, /version/),
    changed('version 2^24 + 1', 11, 1, /version/),
    { what: 'a byte behind its end', bytes: Buffer.concat([good, Buffer.alloc(1)]), says: /not what it says/ },
    {
      what: 'a byte behind its end, within its length',
      bytes: withLength(Buffer.concat([good, Buffer.alloc(1)])),
      says: /follows its end/,
    },
    { what: 'twice', bytes: withLength(Buffer.concat([good, good])), says: /follows its end/ },
    { what: 'more than 16 MiB', bytes: Buffer.alloc((16 << 20) + 1, good), says: /too large/ },
  ];
}

function wrongContents(): Malformed[] {
  const list = (...operations: Operation[]): Plan => ({ processes: [{ name: 'parent', operations }] });
  const replaced = (plan: Plan, from: string, to: string) => {
    const bytes = encodePlan(plan);
    const at = bytes.indexOf(from);
    if (at < 0 || from.length !== to.length) throw new Error(`${from} is not in the plan`);
    bytes.write(to, at, 'latin1');
    return bytes;
  };
  const text = (literal: string) => list(['mkdir', literal, 0]);
  const deep = (depth: number): Operation => (depth === 0 ? ['undumpable'] : ['on-exit', 0, [deep(depth - 1)]]);
  const nested = (depth: number): Plan => (depth === 0 ? list() : list(['detach', 'keeper', nested(depth - 1)]));
  const twice: Plan = { processes: ['parent', 'parent'].map((name) => ({ name, operations: [] })) };
  const cases: [string, Buffer, RegExp][] = [
    ['an unknown operation', replaced(list(['undumpable']), 'undumpable', 'undumpabl!'), /unknown operation/],
    ['an operation whose name is the beginning of one', replaced(list(['pivot', 'root']), '\x05\0\0\0pivot', '\x04\0\0\0pivo\x01'), /./],
    ['a NUL in an operation', replaced(list(['undumpable']), 'undumpable', 'pivot\0able'), /character/],
    ['an empty name', encodePlan(list(['stage', ''])), /empty or too long/],
    ['a name of 65 characters', encodePlan(list(['stage', 'n'.repeat(65)])), /empty or too long/],
    ['a space in a name', encodePlan(list(['stage', 'a b'])), /character/],
    ['a byte above ASCII in a name', encodePlan(list(['stage', 'é'])), /character/],
    ['an unknown slot', replaced(text(slot('cwd')), 'cwd', 'pwd'), /unknown slot/],
    ['a slot whose name is the beginning of one', replaced(text('short'), '\0\x05\0\0\0short', '\x01\x05\0\0\0short'), /unknown slot/],
    ['a slot without a name', replaced(text('env:'), '\0\x04\0\0\0env:', '\x01\x04\0\0\0env:'), /unknown slot/],
    ['a number that is none', replaced(text(slot('new-id:12')), 'new-id:12', 'new-id:1x'), /unknown slot/],
    ['a number of too many digits', replaced(text(slot('env:NUMBERS')), 'env:NUMBERS', 'new-id:1234'), /unknown slot/],
    ['a slot with = in its name', replaced(text(slot('env:AB')), 'env:AB', 'env:A='), /unknown slot/],
    ['a NUL in a slot', replaced(text(slot('env:AB')), 'env:AB', 'env:A\0'), /NUL/],
    ['a NUL in a text', replaced(text('/a/b'), '/a/b', '/a\0b'), /NUL/],
    ['a NUL in a text of a list', replaced(list(['exec', ['true', 'ab'], [], '']), 'ab', 'a\0'), /NUL/],
    ['an unknown kind of part', replaced(text('/a/b'), '\0\x04\0\0\0/a/b', '\x03\x04\0\0\0/a/b'), /unknown kind/],
    ['a part that ends within its head', cutPart(), /do not fill/],
    ['another kind of argument', replaced(text('/a/b'), 'b\x09\0\0\0', 'd\x09\0\0\0'), /operation's kind/],
    ['an argument too many', replaced(list(['umask', 0]), 'umask\x01', 'umask\x02'), /number of arguments/],
    ['an argument too few', replaced(list(['umask', 0]), 'umask\x01', 'umask\0'), /number of arguments/],
    ['no process', withLength(Buffer.concat([encodePlan(list()).subarray(0, 16), Buffer.alloc(4)])), /no process/],
    ['17 processes', encodePlan({ processes: Array.from({ length: 17 }, (_, i) => ({ name: `p${i}`, operations: [] })) }), /too many/],
    ['two processes of one name', encodePlan(twice), /one name/],
    ['a process that is not there, to start', encodePlan(list(['clone', 'child', 0])), /starts a process/],
    ['a process that starts itself', encodePlan(list(['clone', 'parent', 0])), /starts a process/],
    ['a process that is not there, to wait for', encodePlan(list(['wait', 'child'])), /does not have/],
    ['the same within on-exit', encodePlan(list(['on-exit', 0, [['on-exit', 0, [['reap', 'child']]]]])), /does not have/],
    ['the same in a nested plan', encodePlan(list(['detach', 'keeper', list(['send', 'parents', 'x'])])), /does not have/],
    ['a caller where there is none', encodePlan(list(['send', 'caller', 'x'])), /does not have/],
    ['operations nested too deep', encodePlan(list(deep(5))), /nested too deep/],
    ['plans nested too deep', encodePlan(nested(5)), /nested too deep/],
  ];
  return cases.map(([what, bytes, says]) => ({ what, bytes, says }));
}

function tooMuch(): Malformed[] {
  const many = (count: number): Operation[] => Array.from({ length: count }, () => ['undumpable']);
  const plan = (operations: Operation[]) => encodePlan({ processes: [{ name: 'parent', operations }] });
  const lists = Array.from({ length: 5 }, (): Operation => ['on-exit', 0, many(1000)]);
  const words = Array.from({ length: 65537 }, () => '');
  const numbers = Array.from({ length: 65537 }, () => 0);
  return [
    { what: '4097 operations', bytes: plan(many(4097)), says: /more operations|too many operations/ },
    { what: '5005 operations in lists of 1000', bytes: plan(lists), says: /too many operations/ },
    { what: 'a list of 65537 texts', bytes: plan([['exec', words, [], '']]), says: /list is longer/ },
    { what: 'a list of 65537 numbers', bytes: plan([['set-ids', 0, 0, numbers]]), says: /list is longer/ },
  ];
}

/** A text of 4 bytes, one less than the head of a part. */
function cutPart(): Buffer {
  const bytes = encodePlan({ processes: [{ name: 'parent', operations: [['remove', '']] }] });
  bytes.writeUInt32LE(4, bytes.length - 4);
  return withLength(Buffer.concat([bytes, Buffer.alloc(4)]));
}

/** The bytes of a plan with the length in their head set to what is there. */
function withLength(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt32LE(copy.length - 16, 12);
  return copy;
}
