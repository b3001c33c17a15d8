/**
 * A plan as bytes, little-endian; native/plan.c reads them.
 *
 *     plan      "TSRUNPLN"  u32 version  u32 length of what follows  processes
 *     processes u32 count  { name  operations }…
 *     operations u32 count { name  u32 count  argument… }…
 *     argument  u8 kind  payload
 *     name      u32 length  bytes                        also kind d
 *     text      u32 length  { u8 part  u32 length  bytes }…   kind b; part 0 literal, 1 slot, 2 slot escaped for JSON
 *     n i64 · l u32 count text… · v u32 count i64… · x u32 length bytes · o operations · q processes
 */
import { OPERATIONS, type Operation, type Plan } from './operations.js';
import { jsonTemplateOf, type TemplatePart, templateOf } from './slot.js';

const VERSION = 1;
/** Begins a text whose slots are escaped when they are filled. With its NUL it can be no argument or path. */
const JSON_MARK = '\0json\0';

/** Marks a text as JSON: the values of its slots are escaped when they are filled in. */
export function jsonText(value: unknown): string {
  return JSON_MARK + JSON.stringify(value);
}

/** The parts of a text argument. */
export function partsOf(text: string): TemplatePart[] {
  return text.startsWith(JSON_MARK) ? jsonTemplateOf(text.slice(JSON_MARK.length)) : templateOf(text);
}

export function encodePlan(plan: Plan): Buffer {
  const body = processes(plan);
  return Buffer.concat([Buffer.from('TSRUNPLN'), u32(VERSION), u32(body.length), body]);
}

function processes(plan: Plan): Buffer {
  return Buffer.concat([
    u32(plan.processes.length),
    ...plan.processes.flatMap((process) => [sized(process.name), operations(process.operations)]),
  ]);
}

function operations(list: readonly Operation[]): Buffer {
  return Buffer.concat([u32(list.length), ...list.map(operation)]);
}

function operation([name, ...values]: Operation): Buffer {
  const kinds = OPERATIONS[name];
  const args = [...kinds].map((kind, index) => Buffer.concat([Buffer.from(kind), argument(kind, values[index])]));
  return Buffer.concat([sized(name), u32(args.length), ...args]);
}

function argument(kind: string, value: unknown): Buffer {
  switch (kind) {
    case 'd':
      return sized(value as string);
    case 'n':
      return i64(value as number | bigint);
    case 'b':
      return text(value as string);
    case 'l':
      return counted(value as readonly string[], text);
    case 'v':
      return counted(value as readonly number[], i64);
    case 'x':
      return sized(value as Uint8Array);
    case 'o':
      return operations(value as readonly Operation[]);
    default:
      return processes(value as Plan);
  }
}

function text(value: string): Buffer {
  const parts = partsOf(value).map((part) =>
    typeof part === 'string'
      ? Buffer.concat([Buffer.from([0]), sized(part)])
      : Buffer.concat([Buffer.from([part.json ? 2 : 1]), sized(part.slot)]),
  );
  return sized(Buffer.concat(parts));
}

function counted<Item>(items: readonly Item[], encode: (item: Item) => Buffer): Buffer {
  return Buffer.concat([u32(items.length), ...items.map(encode)]);
}

function sized(bytes: string | Uint8Array): Buffer {
  const buffer = Buffer.from(bytes as string);
  return Buffer.concat([u32(buffer.length), buffer]);
}

function u32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32LE(value);
  return buffer;
}

/** Capability masks use bit 63 at most as a number; the helper reads the bits. */
function i64(value: number | bigint): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeBigInt64LE(BigInt.asIntN(64, BigInt(value)));
  return buffer;
}
