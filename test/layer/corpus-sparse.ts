/** Hand-made sparse files in their four forms (GNU tar manual, "Storing Sparse Files"). */
import type { Case } from './corpus.js';
import { archive, binary, file, header, padded, pax } from './tar-builder.js';

type Pieces = readonly (readonly [offset: number, data: string])[];

const octal = (value: number) => `${value.toString(8).padStart(11, '0')}\0`;
const storedOf = (pieces: Pieces) => Buffer.from(pieces.map(([, data]) => data).join(''));

/** Slots of an old header or extension: 24 bytes each. */
function slots(pieces: Pieces, count: number, number: (value: number) => string | Buffer): Buffer {
  const block = Buffer.alloc(count * 24);
  for (const [index, [offset, data]] of pieces.entries()) {
    Buffer.from(number(offset)).copy(block, index * 24);
    Buffer.from(number(data.length)).copy(block, index * 24 + 12);
  }
  return block;
}

function oldGnu(name: string, pieces: Pieces, size: number, number: (value: number) => string | Buffer = octal): Buffer {
  const rest: Pieces[] = [];
  for (let at = 4; at < pieces.length; at += 21) rest.push(pieces.slice(at, at + 21));
  const stored = storedOf(pieces);
  const patch: [number, Buffer | string][] = [
    [386, slots(pieces.slice(0, 4), 4, number)],
    [482, Buffer.of(rest.length > 0 ? 1 : 0)],
    [483, number(size)],
  ];
  return Buffer.concat([
    header({ name, type: 'S', format: 'gnu', size: stored.length, patch }),
    ...rest.map((part, index) => Buffer.concat([slots(part, 21, number), Buffer.of(index < rest.length - 1 ? 1 : 0), Buffer.alloc(7)])),
    padded(stored),
  ]);
}

function pax00(name: string, pieces: Pieces, size: number): Buffer {
  const map = pieces.flatMap(([offset, data]): [string, string][] => [
    ['GNU.sparse.offset', String(offset)],
    ['GNU.sparse.numbytes', String(data.length)],
  ]);
  return Buffer.concat([
    pax([['GNU.sparse.size', String(size)], ['GNU.sparse.numblocks', String(pieces.length)], ...map]),
    file(name, storedOf(pieces)),
  ]);
}

function pax01(name: string, pieces: Pieces, size: number): Buffer {
  const map = pieces.map(([offset, data]) => `${offset},${data.length}`).join(',');
  const records = { 'GNU.sparse.name': name, 'GNU.sparse.size': String(size), 'GNU.sparse.numblocks': String(pieces.length) };
  return Buffer.concat([pax({ ...records, 'GNU.sparse.map': map }), file('GNUSparseFile.0/x', storedOf(pieces))]);
}

function pax10(name: string, pieces: Pieces, size: number): Buffer {
  const map = padded(
    Buffer.from([pieces.length, ...pieces.flatMap(([offset, data]) => [offset, data.length])].map((n) => `${n}\n`).join('')),
  );
  const records = { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.name': name, 'GNU.sparse.realsize': String(size) };
  return Buffer.concat([pax(records), file('GNUSparseFile.0/x', Buffer.concat([map, storedOf(pieces)]))]);
}

const FORMS = { 'old GNU': oldGnu, 'PAX 0.0': pax00, 'PAX 0.1': pax01, 'PAX 1.0': pax10 };

const MIB = 2 ** 20;
/** Every piece but the last fills its blocks: readers differ on others. */
const blocks = (text: string, count: number) => text.repeat(512).slice(0, 512 * count);
const few: Pieces = [
  [0, blocks('at the start ', 1)],
  [65536, blocks('in the middle ', 3)],
  [3 * MIB, 'behind'],
];
/** More than one extension block of the old form, and than one block of 1.0's map. */
const many: Pieces = Array.from({ length: 60 }, (_, index) => [index * 16384 + 512, blocks(`piece ${index} `, 1)] as const);
/** As GNU tar marks a hole at the end. */
const withEnd: Pieces = [
  [4096, 'data'],
  [MIB, ''],
];

const noOld = { umoci: 'Go refuses its type' };

export const SPARSE: Case[] = [
  ...Object.entries(FORMS).map(
    ([form, make]): Case => ({
      name: `sparse, ${form}: holes at both ends and between, sixty pieces, an empty piece at the end, more files behind`,
      tar: archive(make('few', few, 3 * MIB + 6), make('many', many, 59 * 16384 + 1024), make('end', withEnd, MIB), file('z', 'next')),
      unlike: form === 'old GNU' ? noOld : {},
    }),
  ),
  {
    name: 'sparse: a hole at the end that no piece tells of',
    tar: archive(pax01('one', few.slice(0, 2), MIB), pax10('ten', few.slice(0, 1), MIB), pax10('none', [], MIB)),
    unlike: { gnu: 'makes a shorter file' },
  },
  {
    name: 'sparse, old GNU: numbers in base 256',
    tar: archive(oldGnu('b', few, 3 * MIB + 6, (value) => binary(12, value))),
    unlike: noOld,
  },
  {
    name: 'sparse: nothing but a hole',
    tar: archive(pax01('one', [[5 * MIB, '']], 5 * MIB), pax10('ten', [[5 * MIB, '']], 5 * MIB), file('z', 'next')),
  },
  {
    name: 'sparse: a file without holes',
    tar: archive(pax10('dense', [[0, 'all of it']], 9), oldGnu('old', [[0, 'all']], 3)),
    unlike: noOld,
  },
];
