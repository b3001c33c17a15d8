/**
 * The values of a template, as Go's text/template tells them apart: `undefined` is Go's invalid value (a key that a map does not have),
 * `null` is nil, a number is an int, a Float a float64; an object is a struct, whose fields are known, or a map, whose keys are not.
 */

export type Value = undefined | null | boolean | number | string | Float | readonly Value[] | GoMap | Struct;

export class Float {
  constructor(readonly value: number) {}
}

/** A map with keys of text; printed and walked through in the order of its keys. */
export class GoMap {
  private readonly values: ReadonlyMap<string, Value>;

  /** @param zero what `index` gives for a key that is not there: the zero value of the elements' type */
  constructor(
    entries: Iterable<readonly [string, Value]>,
    readonly zero: Value = undefined,
  ) {
    this.values = new Map([...entries].sort(([a], [b]) => compareText(a, b)));
  }

  get size(): number {
    return this.values.size;
  }

  has(key: string): boolean {
    return this.values.has(key);
  }

  get(key: string): Value {
    return this.values.get(key);
  }

  keys(): string[] {
    return [...this.values.keys()];
  }
}

interface StructExtra {
  /** docker's `.Label "x"` and its like. */
  readonly methods?: Readonly<Record<string, Method>>;
  /** Another name → the field. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** Fields that may be asked for and are not printed: JSON leaves out what has its zero value. */
  readonly absent?: Readonly<Record<string, Value>>;
}

/** Known fields in an order, made when asked for. */
export class Struct {
  constructor(
    readonly fields: readonly string[],
    private readonly read: (field: string) => Value,
    private readonly extra: StructExtra = {},
  ) {}

  /** All that may be asked for, in the order of their names. */
  get names(): string[] {
    const { methods = {}, absent = {} } = this.extra;
    return [...new Set([...this.fields, ...Object.keys(absent), ...Object.keys(methods)])].sort();
  }

  has(name: string): boolean {
    return this.fields.includes(this.aliasOf(name)) || this.isAbsent(name);
  }

  get(name: string): Value {
    return this.fields.includes(this.aliasOf(name)) ? this.read(this.aliasOf(name)) : this.extra.absent?.[name];
  }

  private isAbsent(name: string): boolean {
    return this.extra.absent !== undefined && Object.hasOwn(this.extra.absent, name);
  }

  method(name: string): Method | undefined {
    const { methods = {} } = this.extra;
    return Object.hasOwn(methods, name) ? methods[name] : undefined;
  }

  private aliasOf(name: string): string {
    const { aliases = {} } = this.extra;
    return (Object.hasOwn(aliases, name) ? aliases[name] : undefined) ?? name;
  }
}

/** Of one text. */
export type Method = (argument: string) => Value;

/** A slice that is nil: it prints as an empty one, and is null as JSON. */
export const NIL_SLICE: readonly Value[] = Object.freeze([]);

export function isSlice(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

/** The name of a value's type, for messages and %T. */
export function typeOf(value: Value): string {
  if (value === undefined || value === null) return 'nil';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return 'int';
  if (typeof value === 'string') return 'string';
  if (value instanceof Float) return 'float64';
  if (value instanceof GoMap) return 'map';
  return value instanceof Struct ? 'struct' : 'slice';
}

/** text/template, IsTrue: empty is false; a struct is true. */
export function isTrue(value: Value): boolean {
  if (value instanceof Float) return value.value !== 0;
  if (value instanceof GoMap) return value.size > 0;
  if (value instanceof Struct) return true;
  return isSlice(value) ? value.length > 0 : Boolean(value);
}

/** The bytes in the order of UTF-8, which is that of code points. */
export function compareText(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b));
}
