/** Carries a template out on its data (text/template/exec.go). Every error names the part of the template that it happened in. */
import { TsrunError } from '../../errors.js';
import { nearest } from '../../nearest.js';
import type { Block, Command, Node, Operand, Pipe } from './ast.js';
import { excerpt, templateError } from './fail.js';
import type { TemplateFunction } from './functions.js';
import { DEEPEST, MOST_STEPS, MOST_TEXT } from './limits.js';
import { printed } from './print.js';
import { GoMap, isSlice, isTrue, Struct, typeOf, type Value } from './value.js';

type Functions = Readonly<Record<string, TemplateFunction>>;

/** What stands behind `|` is given what stood before it. */
type Final = { value: Value } | undefined;

/** @throws ERR_TSRUN_TEMPLATE */
export function evaluate(nodes: readonly Node[], data: Value, functions: Functions): string {
  return new Evaluator(data, functions).run(nodes);
}

class Evaluator {
  private readonly variables: { name: string; value: Value }[] = [];
  private output: string[] = [];
  private steps = 0;
  private text = 0;
  private depth = 0;

  constructor(
    private readonly data: Value,
    private readonly functions: Functions,
  ) {
    this.variables.push({ name: '$', value: data });
  }

  run(nodes: readonly Node[]): string {
    this.list(nodes, this.data);
    return this.output.join('');
  }

  /** Which of `break` and `continue` ended it. */
  private list(nodes: readonly Node[], dot: Value): 'break' | 'continue' | undefined {
    for (const node of nodes) {
      this.step();
      if (node.kind === 'text') this.write(node.text);
      else if (node.kind === 'action') this.action(node.pipe, dot);
      else if (node.kind === 'break' || node.kind === 'continue') return node.kind;
      else {
        const outside = this.variables.length;
        const left = node.kind === 'range' ? this.range(node, dot) : this.choice(node, dot);
        this.variables.length = outside;
        if (left !== undefined) return left;
      }
    }
    return undefined;
  }

  private action(pipe: Pipe, dot: Value): void {
    const value = this.pipe(pipe, dot);
    if (pipe.variables.length === 0) this.write(this.counted(printed(value)));
  }

  private choice(node: Block, dot: Value): 'break' | 'continue' | undefined {
    const value = this.pipe(node.pipe, dot);
    if (!isTrue(value)) return this.list(node.otherwise, dot);
    return this.list(node.body, node.kind === 'with' ? value : dot);
  }

  private range(node: Block, dot: Value): 'break' | 'continue' | undefined {
    const { variables, declares } = node.pipe;
    const over = this.pipe({ ...node.pipe, variables: [] }, dot);
    const outside = this.variables.length;
    let empty = true;
    for (const [key, value] of this.elements(over, node.pipe)) {
      empty = false;
      this.step();
      const values = variables.length === 2 ? [key, value] : [value];
      for (const [index, name] of variables.entries()) this.assign(name, values[index], declares);
      const left = this.list(node.body, value);
      this.variables.length = outside;
      if (left === 'break') break;
    }
    return empty ? this.list(node.otherwise, dot) : undefined;
  }

  private *elements(over: Value, pipe: Pipe): Generator<[Value, Value]> {
    if (typeof over === 'number' && pipe.variables.length > 1)
      throw templateError(`<${sourceOf(pipe)}>: a number has no elements, only one variable`);
    if (typeof over === 'number') for (let index = 0; index < over; index++) yield [index, index];
    else if (isSlice(over)) yield* over.entries();
    else if (over instanceof GoMap) for (const key of over.keys()) yield [key, over.get(key)];
    else if (over instanceof Struct) for (const key of [...over.fields].sort()) yield [key, over.get(key)];
    else if (over !== undefined && over !== null) {
      throw templateError(`<${sourceOf(pipe)}>: range can't iterate over ${excerpt(printed(over))}`);
    }
  }

  private pipe(pipe: Pipe, dot: Value): Value {
    let final: Final;
    for (const command of pipe.commands) final = { value: this.command(command, dot, final) };
    const value = final?.value;
    for (const name of pipe.variables) this.assign(name, value, pipe.declares);
    return value;
  }

  private assign(name: string, value: Value, declares: boolean): void {
    if (declares) this.variables.push({ name, value });
    else this.variable(name).value = value;
  }

  /** The parser has seen to it that there is one. */
  private variable(name: string): { value: Value } {
    const found = this.variables.findLast((variable) => variable.name === name);
    if (found === undefined) throw templateError(`undefined variable ${name}`);
    return found;
  }

  private command(command: Command, dot: Value, final: Final): Value {
    this.step();
    const [first, ...args] = command.words;
    if (first === undefined) return undefined;
    if (first.kind === 'function') return this.call(command, first.name, args, dot, final);
    if (first.kind === 'nil') throw templateError('nil is not a command');
    const words = args.map((arg) => this.operand(arg, dot)).concat(final === undefined ? [] : [final.value]);
    if ('fields' in first && first.fields.length > 0) return this.chain(first, dot, words);
    if (words.length > 0) throw templateError(`<${excerpt(command.source)}>: can't give argument to non-function ${excerpt(first.source)}`);
    return this.operand(first, dot);
  }

  private call(command: Command, name: string, args: readonly Operand[], dot: Value, final: Final): Value {
    const known = this.functions[name];
    if (known === undefined) throw templateError(`there is no function ${name}`);
    const count = args.length + (final === undefined ? 0 : 1);
    if (count < known.least || count > known.most) {
      const wanted = known.least === known.most ? known.least : count < known.least ? `at least ${known.least}` : `at most ${known.most}`;
      throw templateError(`<${excerpt(command.source)}>: wrong number of args for ${name}: want ${wanted}, got ${count}`);
    }
    if (name === 'and' || name === 'or') return this.shortCircuit(name === 'or', args, dot, final);
    const values = args.map((arg) => this.operand(arg, dot)).concat(final === undefined ? [] : [final.value]);
    const result = within(command.source, () => known.call(values));
    if (typeof result === 'string') return this.counted(result);
    return result;
  }

  private shortCircuit(until: boolean, args: readonly Operand[], dot: Value, final: Final): Value {
    let value: Value;
    for (const arg of args) {
      value = this.operand(arg, dot);
      if (isTrue(value) === until) return value;
    }
    return final === undefined ? value : final.value;
  }

  private operand(operand: Operand, dot: Value): Value {
    this.step();
    if ('fields' in operand && operand.fields.length > 0) return this.chain(operand, dot, []);
    switch (operand.kind) {
      case 'dot':
        return dot;
      case 'nil':
        return null;
      case 'literal':
        return operand.value;
      case 'variable':
        return this.variable(operand.name).value;
      case 'function':
        return this.call({ words: [operand], source: operand.source }, operand.name, [], dot, undefined);
      case 'pipe':
        return this.inner(operand.pipe, dot);
      default:
        return undefined;
    }
  }

  private inner(pipe: Pipe, dot: Value): Value {
    if (++this.depth > DEEPEST) throw templateError(`pipelines are nested more than ${DEEPEST} deep`);
    const value = this.pipe(pipe, dot);
    this.depth--;
    return value;
  }

  /** `.A.B`, `$x.A`, `(…).A`; arguments belong to the last, which must be a method. */
  private chain(operand: Extract<Operand, { fields: string[] }>, dot: Value, args: readonly Value[]): Value {
    let value =
      operand.kind === 'field' ? dot : operand.kind === 'variable' ? this.variable(operand.name).value : this.inner(operand.pipe, dot);
    for (const [index, name] of operand.fields.entries()) {
      const last = index === operand.fields.length - 1;
      value = this.field(value, name, last ? args : [], operand.source);
    }
    return value;
  }

  private field(value: Value, name: string, args: readonly Value[], source: string): Value {
    const where = `<${excerpt(source)}>`;
    if (value instanceof Struct) {
      const method = value.method(name);
      if (method !== undefined) return this.method(method, name, args, where);
    }
    if (args.length > 0) throw templateError(`${where}: ${name} is not a method but has arguments`);
    if (value === undefined) return undefined;
    if (value === null) throw templateError(`${where}: what ${name} is asked of is nil`, `ask before: {{with …}}{{.${name}}}{{end}}`);
    if (value instanceof GoMap) return value.get(name);
    if (!(value instanceof Struct)) throw templateError(`${where}: a ${typeOf(value)} has no field ${name}`);
    if (!value.has(name)) throw unknownField(value, name, where);
    return value.get(name);
  }

  private method(method: (argument: string) => Value, name: string, args: readonly Value[], where: string): Value {
    const [argument] = args;
    if (args.length === 1 && typeof argument === 'string') return method(argument);
    throw templateError(`${where}: ${name} wants one text`, `for example {{.${name} "com.example.key"}}`);
  }

  private step(): void {
    if (++this.steps > MOST_STEPS) throw templateError(`it takes more than ${MOST_STEPS} steps`);
  }

  private counted(text: string): string {
    this.text += text.length;
    if (this.text > MOST_TEXT) throw templateError(`it makes more than ${MOST_TEXT} characters`);
    return text;
  }

  private write(text: string): void {
    this.output.push(this.counted(text));
  }
}

/** @param where the part of the template, and a colon if there is one */
export function unknownField(value: Struct, name: string, where: string): TsrunError {
  const { names } = value;
  const near = nearest(name, names) ?? names.find((known) => known.toLowerCase() === name.toLowerCase());
  return templateError(
    `${where}: there is no field ${excerpt(name)}, only ${names.join(', ')}`,
    near === undefined ? undefined : `Did you mean .${near}?`,
  );
}

/** What a function threw, with where. */
function within<T>(source: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof TsrunError)) throw error;
    throw templateError(`<${excerpt(source)}>: ${error.message.replace('template parsing error: ', '')}`, error.hint);
  }
}

function sourceOf(pipe: Pipe): string {
  return excerpt(pipe.commands.map(({ source }) => source).join(' | '));
}
