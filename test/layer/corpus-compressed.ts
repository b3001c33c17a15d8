/** One archive in the many forms of a blob: what readers of layers by parts write is an ordinary layer for everybody else. */
import { execFileSync } from 'node:child_process';
import { deflateRawSync, gzipSync } from 'node:zlib';
import { archive, directory, END, file, hardlink, symlink } from './tar-builder.js';

export interface Compressed {
  name: string;
  /** What it contains. */
  tar: Buffer;
  blob: Buffer;
  mediaType: string;
}

const TYPE = 'application/vnd.oci.image.layer.v1.tar';
const MEMBERS = [
  directory('d', { mtime: 5 }),
  file('d/f', Buffer.alloc(70_000, 'contents ')),
  symlink('l', 'd/f'),
  hardlink('h', 'd/f'),
  file('empty'),
];

const zstd = (data: Buffer, ...flags: string[]) => execFileSync('zstd', ['-q', '-c', ...flags], { input: data });

function skippable(data: Buffer, magic = 0x184d2a50): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(magic, 0);
  head.writeUInt32LE(data.length, 4);
  return Buffer.concat([head, data]);
}

/** gzip with everything that RFC 1952 lets stand in a header. */
function gzipWithHeader(data: Buffer): Buffer {
  const flags = 4 | 8 | 16; // FEXTRA, FNAME, FCOMMENT
  const head = Buffer.concat([
    Buffer.from([0x1f, 0x8b, 8, flags, 1, 2, 3, 4, 0, 3, 6, 0, 0x41, 0x70, 2, 0, 9, 9]),
    Buffer.from('name\0comment\0'),
  ]);
  const whole = gzipSync(data);
  return Buffer.concat([head, deflateRawSync(data), whole.subarray(whole.length - 8)]);
}

/** docs/estargz.md of stargz-snapshotter: a gzip member for each chunk, a TOC as the last entry, a footer of 51 bytes with its offset. */
function estargz(): { tar: Buffer; blob: Buffer } {
  const landmark = file('.no.prefetch.landmark', Buffer.of(0xf));
  const parts = [landmark, ...MEMBERS].flatMap((member) =>
    member.length > 1024 ? [member.subarray(0, 512), member.subarray(512, 40_960), member.subarray(40_960)] : [member],
  );
  const compressed = parts.map((part) => gzipSync(part));
  const toc = Buffer.from(JSON.stringify({ version: 1, entries: [{ name: 'd/', type: 'dir' }] }));
  const offset = compressed.reduce((sum, part) => sum + part.length, 0);
  const last = Buffer.concat([file('stargz.index.json', toc), END]);
  const extra = Buffer.from(`SG\x16\0${offset.toString(16).padStart(16, '0')}STARGZ`, 'latin1');
  const size = Buffer.alloc(2);
  size.writeUInt16LE(extra.length);
  // An empty member: stored block, no contents.
  const footer = Buffer.concat([
    Buffer.from([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff]),
    size,
    extra,
    Buffer.from([1, 0, 0, 0xff, 0xff]),
    Buffer.alloc(8),
  ]);
  return { tar: Buffer.concat([...parts, last]), blob: Buffer.concat([...compressed, gzipSync(last), footer]) };
}

/** containers/storage: a zstd frame for each file, its manifest and a footer in skippable frames. */
function zstdChunked(): { tar: Buffer; blob: Buffer } {
  const frames = [...MEMBERS, END].map((part) => zstd(part));
  const manifest = zstd(Buffer.from(JSON.stringify({ version: 1, entries: [{ type: 'dir', name: 'd' }] })));
  const footer = Buffer.concat([Buffer.alloc(56), Buffer.from('GNUlInUx')]);
  return { tar: Buffer.concat([...MEMBERS, END]), blob: Buffer.concat([...frames, skippable(manifest), skippable(footer)]) };
}

/** Made when they are asked for: they take a program. */
export function compressed(): Compressed[] {
  const tar = archive(...MEMBERS);
  const [first, second] = [tar.subarray(0, 300), tar.subarray(300)];
  const of = (name: string, blob: Buffer, suffix: string, contents = tar): Compressed => ({
    name,
    tar: contents,
    blob,
    mediaType: TYPE + suffix,
  });
  const [stargz, chunked] = [estargz(), zstdChunked()];
  return [
    of('no compression', tar, ''),
    of('gzip, levels 0 and 9 in two members', Buffer.concat([gzipSync(first, { level: 0 }), gzipSync(second, { level: 9 })]), '+gzip'),
    of('gzip, a member for every 512 bytes', Buffer.concat(split(tar).map((part) => gzipSync(part))), '+gzip'),
    of('gzip, an empty member at each end', Buffer.concat([gzipSync(''), gzipSync(tar), gzipSync('')]), '+gzip'),
    of('gzip, a name, a comment and an extra field', gzipWithHeader(tar), '+gzip'),
    of('gzip, zeros behind the end', Buffer.concat([gzipSync(tar), Buffer.alloc(5000)]), '+gzip'),
    of('eStargz', stargz.blob, '+gzip', stargz.tar),
    of('zstd with a checksum', zstd(tar, '--check'), '+zstd'),
    of(
      'zstd, two frames between skippable ones',
      Buffer.concat([skippable(first), zstd(first), skippable(Buffer.alloc(0), 0x184d2a5f), zstd(second), skippable(tar)]),
      '+zstd',
    ),
    of('zstd, an empty frame first', Buffer.concat([zstd(Buffer.alloc(0)), zstd(tar, '-19')]), '+zstd'),
    of('zstd:chunked', chunked.blob, '+zstd', chunked.tar),
    of('zstd that is called gzip', zstd(tar), '+gzip'),
    of('0 bytes', Buffer.alloc(0), '', Buffer.alloc(0)),
    of('0 bytes in gzip', gzipSync(''), '+gzip', Buffer.alloc(0)),
    of('0 bytes in zstd', zstd(Buffer.alloc(0)), '+zstd', Buffer.alloc(0)),
  ];
}

function split(tar: Buffer): Buffer[] {
  return Array.from({ length: Math.ceil(tar.length / 512) }, (_, index) => tar.subarray(index * 512, index * 512 + 512));
}
