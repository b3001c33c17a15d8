/**
 * A second reader of launch plans, written from the description in src/plan/encode.ts and not from native/plan.c: the two must agree on
 * what is a plan. It also says where every field lies, for tests that change one.
 */
import { OPERATIONS } from '../../src/plan/operations.js';
import { SLOTS } from '../../src/plan/slot.js';

export interface Field {
  /** length: of what follows, in bytes; count: of what follows, in items */
  type: 'magic' | 'version' | 'length' | 'count' | 'kind' | 'part' | 'name' | 'literal' | 'slot' | 'raw' | 'number';
  start: number;
  end: number;
}

class NotAPlan extends Error {}

const MOST = { bytes: 16 << 20, depth: 4, processes: 16, operations: 4096, list: 65536, name: 64 };

interface ReadOperation {
  name: string;
  args: unknown[];
}
interface ReadPlan {
  processes: { name: string; operations: ReadOperation[] }[];
}

/** Every field in order. @throws NotAPlan */
export function fieldsOf(bytes: Uint8Array): Field[] {
  const reader = new Reader(Buffer.from(bytes));
  reader.all();
  return reader.fields;
}

export function isPlan(bytes: Uint8Array): boolean {
  try {
    fieldsOf(bytes);
    return true;
  } catch (error) {
    if (error instanceof NotAPlan) return false;
    throw error;
  }
}

class Reader {
  readonly fields: Field[] = [];
  private at = 0;
  private operations = 0;

  constructor(private readonly bytes: Buffer) {}

  all(): void {
    const { bytes } = this;
    if (bytes.length > MOST.bytes) throw new NotAPlan();
    if (this.take(8, 'magic').toString('latin1') !== 'TSRUNPLN') throw new NotAPlan();
    if (this.u32('version') !== 1) throw new NotAPlan();
    if (this.u32('length') !== bytes.length - this.at) throw new NotAPlan();
    const plan = this.plan(0);
    if (this.at !== bytes.length) throw new NotAPlan();
    checkNames(plan, false);
  }

  private take(size: number, type: Field['type'], end = this.bytes.length): Buffer {
    if (this.at + size > end) throw new NotAPlan();
    const start = this.at;
    this.at += size;
    this.fields.push({ type, start, end: this.at });
    return this.bytes.subarray(start, this.at);
  }

  private u32(type: Field['type'], end?: number): number {
    return this.take(4, type, end).readUInt32LE();
  }

  private name(): string {
    const size = this.u32('length');
    const name = this.take(size, 'name').toString('latin1');
    if (!/^[!-~]{1,64}$/.test(name)) throw new NotAPlan();
    return name;
  }

  private plan(depth: number): ReadPlan {
    const count = this.u32('count');
    if (count === 0 || count > MOST.processes) throw new NotAPlan();
    const processes: ReadPlan['processes'] = [];
    for (let index = 0; index < count; index++) {
      const name = this.name();
      if (processes.some((process) => process.name === name)) throw new NotAPlan();
      processes.push({ name, operations: this.list(depth) });
    }
    return { processes };
  }

  private list(depth: number): ReadOperation[] {
    if (depth > MOST.depth) throw new NotAPlan();
    const count = this.u32('count');
    if (count > MOST.operations) throw new NotAPlan();
    return Array.from({ length: count }, () => this.operation(depth));
  }

  private operation(depth: number): ReadOperation {
    if (++this.operations > MOST.operations) throw new NotAPlan();
    const name = this.name();
    const kinds = Object.hasOwn(OPERATIONS, name) ? (OPERATIONS as Record<string, string>)[name] : undefined;
    if (kinds === undefined || this.u32('count') !== kinds.length) throw new NotAPlan();
    return { name, args: [...kinds].map((kind) => this.argument(kind, depth)) };
  }

  private argument(kind: string, depth: number): unknown {
    if (this.take(1, 'kind').toString('latin1') !== kind) throw new NotAPlan();
    switch (kind) {
      case 'p':
      case 'd':
        return this.name();
      case 'n':
        return this.take(8, 'number');
      case 'b':
        return this.text();
      case 'x':
        return this.take(this.u32('length'), 'raw');
      case 'l':
        return this.items(() => this.text());
      case 'v':
        return this.items(() => this.take(8, 'number'));
      case 'o':
        return this.list(depth + 1);
      default:
        return this.plan(depth + 1);
    }
  }

  private items(one: () => unknown): unknown[] {
    const count = this.u32('count');
    if (count > MOST.list) throw new NotAPlan();
    return Array.from({ length: count }, one);
  }

  private text(): void {
    const size = this.u32('length');
    const end = this.at + size;
    if (end > this.bytes.length) throw new NotAPlan();
    while (this.at < end) {
      const kind = this.take(1, 'part', end)[0] ?? 0;
      const length = this.u32('length', end);
      const value = this.take(length, kind === 0 ? 'literal' : 'slot', end).toString('latin1');
      if (kind > 2 || value.includes('\0')) throw new NotAPlan();
      const known =
        (SLOTS as readonly string[]).includes(value) || /^(env:[^=]+|new-id:\d{1,3})$/.test(value) || /^port:.{1,64}$/s.test(value);
      if (kind > 0 && !known) throw new NotAPlan();
    }
  }
}

/** Processes are named where they are, and started further down only. */
function checkNames(plan: ReadPlan, nested: boolean): void {
  const names = plan.processes.map(({ name }) => name);
  for (const [index, { operations }] of plan.processes.entries()) {
    const own = flat(operations);
    const known = [...names, ...own.filter(({ name }) => name === 'detach').map(({ args }) => args[0]), ...(nested ? ['caller'] : [])];
    for (const { name, args } of own) {
      if (name === 'clone' && names.indexOf(args[0] as string) <= index) throw new NotAPlan();
      for (const [at, kind] of [...OPERATIONS[name as keyof typeof OPERATIONS]].entries()) {
        if (kind === 'p' && !known.includes(args[at])) throw new NotAPlan();
        if (kind === 'q') checkNames(args[at] as ReadPlan, true);
      }
    }
  }
}

/** With those that it holds. */
function flat(operations: readonly ReadOperation[]): ReadOperation[] {
  return operations.flatMap((operation) => [
    operation,
    ...[...OPERATIONS[operation.name as keyof typeof OPERATIONS]].flatMap((kind, index) =>
      kind === 'o' ? flat(operation.args[index] as ReadOperation[]) : [],
    ),
  ]);
}
