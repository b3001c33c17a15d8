/**
 * A plan as bytes, little-endian; native/plan.c reads them.
 *
 *     plan      "TSRUNPLN"  u32 version  u32 length of what follows  processes
 *     processes u32 count  { name  operations }…
 *     operations u32 count { name  u32 count  argument… }…
 *     argument  u8 kind  payload
 *     name      u32 length  bytes                        also kinds p and d
 *     text      u32 length  { u8 part  u32 length  bytes }…   kind b; part 0 literal, 1 slot, 2 slot escaped for JSON
 *     n i64 · l u32 count text… · v u32 count i64… · x u32 length bytes · o operations · q processes
 */
import { Bytes } from './bytes.js';
import { OPERATIONS, type Operation, type Plan } from './operations.js';
import { jsonTemplateOf, type TemplatePart, templateOf } from './slot.js';

const VERSION = 1;
/** Begins a text whose slots are escaped when they are filled. With its NUL it can be no argument or path. */
const JSON_MARK = '\0json\0';

/** Marks a text as JSON: the values of its slots are escaped when they are filled in. */
export function jsonText(value: unknown): string {
  return JSON_MARK + JSON.stringify(value);
}

/** One JSON text on each line, with slots as in jsonText. */
export function jsonLines(values: readonly unknown[]): string {
  return JSON_MARK + values.map((value) => `${JSON.stringify(value)}\n`).join('');
}

/** The parts of a text argument. */
export function partsOf(text: string): TemplatePart[] {
  return text.startsWith(JSON_MARK) ? jsonTemplateOf(text.slice(JSON_MARK.length)) : templateOf(text);
}

export function encodePlan(plan: Plan): Buffer {
  const bytes = new Bytes();
  bytes.raw(Buffer.from('TSRUNPLN'));
  bytes.u32(VERSION);
  bytes.measured(() => processes(bytes, plan));
  return bytes.written();
}

function processes(bytes: Bytes, plan: Plan): void {
  bytes.u32(plan.processes.length);
  for (const process of plan.processes) {
    bytes.sized(process.name);
    operations(bytes, process.operations);
  }
}

function operations(bytes: Bytes, list: readonly Operation[]): void {
  bytes.u32(list.length);
  for (const [name, ...values] of list) {
    const kinds = OPERATIONS[name];
    bytes.sized(name);
    bytes.u32(kinds.length);
    for (const [index, kind] of [...kinds].entries()) {
      bytes.u8(kind.charCodeAt(0));
      argument(bytes, kind, values[index]);
    }
  }
}

function argument(bytes: Bytes, kind: string, value: unknown): void {
  switch (kind) {
    case 'p':
    case 'd':
      bytes.sized(value as string);
      break;
    case 'n':
      bytes.i64(value as number | bigint);
      break;
    case 'b':
      text(bytes, value as string);
      break;
    case 'l':
      bytes.u32((value as readonly string[]).length);
      for (const item of value as readonly string[]) text(bytes, item);
      break;
    case 'v':
      bytes.u32((value as readonly number[]).length);
      for (const item of value as readonly number[]) bytes.i64(item);
      break;
    case 'x':
      bytes.sized(value as Uint8Array);
      break;
    case 'o':
      operations(bytes, value as readonly Operation[]);
      break;
    default:
      processes(bytes, value as Plan);
  }
}

function text(bytes: Bytes, value: string): void {
  bytes.measured(() => {
    for (const part of partsOf(value)) {
      bytes.u8(typeof part === 'string' ? 0 : part.json ? 2 : 1);
      bytes.sized(typeof part === 'string' ? part : part.slot);
    }
  });
}
