/** A plan as text, for `--dry-run`, golden files and people. Slots show as {id}; raw bytes as their length and digest. */
import { createHash } from 'node:crypto';
import { jsonText, partsOf } from './encode.js';
import { OPERATIONS, type Operation, type Plan } from './operations.js';

export function printPlan(plan: Plan): string {
  return plan.processes.map((process) => `${process.name}:\n${printOperations(process.operations, '  ')}`).join('\n');
}

/** The plan itself as what JSON can say: raw bytes as `{ base64 }`, numbers too large for one as text. */
export function plainPlan(plan: Plan): unknown {
  return JSON.parse(JSON.stringify(plan, (_, value) => plainValue(value)));
}

function plainValue(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  // A Buffer comes here as what its own toJSON made of it.
  const bytes = value instanceof Uint8Array ? value : (value as { type?: unknown; data?: unknown } | null);
  if (bytes instanceof Uint8Array) return { base64: Buffer.from(bytes).toString('base64') };
  return bytes?.type === 'Buffer' && Array.isArray(bytes.data) ? { base64: Buffer.from(bytes.data).toString('base64') } : value;
}

function printOperations(operations: readonly Operation[], indent: string): string {
  return operations.map((operation) => printOperation(operation, indent)).join('');
}

function printOperation([name, ...values]: Operation, indent: string): string {
  if (name === 'stage') return `${indent}── ${String(values[0])}\n`;
  const nested: string[] = [];
  const words = [...OPERATIONS[name]].map((kind, index) => {
    const value = values[index] as never;
    if (kind === 'o') nested.push(printOperations(value, `${indent}    `));
    else if (kind === 'q') nested.push(printPlan(value).replace(/^/gm, `${indent}    `).trimEnd(), '\n');
    else return printArgument(kind, value, numberName(name, index));
    return '';
  });
  return `${indent}${[name, ...words.filter((word) => word !== '')].join(' ')}\n${nested.join('')}`;
}

function printArgument(kind: string, value: never, asOctal: boolean): string {
  switch (kind) {
    case 'p':
    case 'd':
      return String(value);
    case 'n':
      return asOctal ? `0${Number(value).toString(8)}` : printNumber(value);
    case 'l':
      return `[${(value as readonly string[]).map(printText).join(' ')}]`;
    case 'v':
      return `[${(value as readonly number[]).join(' ')}]`;
    case 'x':
      return `<${(value as Uint8Array).length} bytes sha256:${createHash('sha256').update(value).digest('hex').slice(0, 12)}>`;
    default:
      return printText(value);
  }
}

/** Modes read best in octal, flags and masks in hexadecimal. */
function numberName(name: string, index: number): boolean {
  return (/^(mkdir|write-file|replace-file|mkfifo)$/.test(name) && index === 1) || (name === 'mkdir-at' && index === 2) || name === 'umask';
}

function printNumber(value: number | bigint): string {
  return value >= 65536 ? `0x${value.toString(16)}` : String(value);
}

/** The profile of a config.json is 15 kB long. What it becomes stands further down, as an operation. */
function withoutProfile(text: string): string {
  if (!text.includes('"seccomp":{')) return text;
  const spec = JSON.parse(text.slice(text.indexOf('{')));
  return jsonText({ ...spec, linux: { ...spec.linux, seccomp: '…' } });
}

function printText(text: string): string {
  const shown = partsOf(withoutProfile(text))
    .map((part) => (typeof part === 'string' ? part : `{${part.slot}}`))
    .join('');
  return /^[\w@%+=:,./{}-]+$/.test(shown) ? shown : JSON.stringify(shown);
}
