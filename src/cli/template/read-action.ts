/** The tokens of one action → what it does (text/template/parse/parse.go). What a name means is checked here, as in Go: functions and variables. */
import { nearest } from '../../nearest.js';
import type { Command, Operand, Pipe } from './ast.js';
import { excerpt, templateError } from './fail.js';
import type { Piece, Token } from './lex.js';
import { DEEPEST } from './limits.js';

const KEYWORDS = ['if', 'with', 'range', 'else', 'end', 'break', 'continue', 'define', 'template', 'block'];

/** Reads one action. Variables that it declares are added to those known. */
export class Reader {
  private at = 0;
  private depth = 0;
  private readonly tokens: readonly Token[];
  private readonly source: string;

  constructor(
    piece: Extract<Piece, { kind: 'action' }>,
    private readonly functions: readonly string[],
    private readonly variables: string[],
  ) {
    ({ tokens: this.tokens, source: this.source } = piece);
  }

  /** Takes the keyword that stands here, if one does. */
  keyword(): string | undefined {
    const token = this.tokens[this.at];
    if (token?.kind !== 'word' || !KEYWORDS.includes(token.name)) return undefined;
    this.at++;
    return token.name;
  }

  nothingLeft(word: string): void {
    const token = this.tokens[this.at];
    if (token !== undefined) throw templateError(`unexpected ${excerpt(token.source)} in {{${word}}}`);
  }

  /** @param what for whom it is: `if`, `range` …, `command` */
  pipeToEnd(what: string): Pipe {
    const pipe = this.pipe(what);
    if (this.at < this.tokens.length) throw this.unexpected();
    return pipe;
  }

  private pipe(what: string): Pipe {
    const { variables, declares } = this.declaration(what);
    const commands: Command[] = [];
    for (;;) {
      commands.push(this.command(what));
      if (this.tokens[this.at]?.kind !== 'pipe') break;
      this.at++;
    }
    for (const { words, source } of commands.slice(1)) {
      const [first] = words;
      const runs = first?.kind === 'function' || first?.kind === 'field' || (first?.kind === 'variable' && first.fields.length > 0);
      if (!runs) throw templateError(`${excerpt(source)} cannot stand behind a |`, 'name a function there');
    }
    if (declares) this.variables.push(...variables);
    return { variables, declares, commands };
  }

  /** `$x := `, `$x = `, and for range also `$i, $v := `. */
  private declaration(what: string): { variables: string[]; declares: boolean } {
    const none = { variables: [], declares: false };
    const [first, second, third, fourth] = this.tokens.slice(this.at, this.at + 4);
    if (first?.kind !== 'variable') return none;
    const two = what === 'range' && second?.kind === 'comma' && third?.kind === 'variable';
    const sign = two ? fourth : second;
    if (sign?.kind !== 'declare' && sign?.kind !== 'assign') return none;
    this.at += two ? 4 : 2;
    const variables = [first.name, ...(two ? [third.name] : [])];
    if (sign.kind === 'assign') for (const name of variables) this.known(name);
    return { variables, declares: sign.kind === 'declare' };
  }

  private command(what: string): Command {
    const words: Operand[] = [];
    const start = this.tokens[this.at];
    for (let operand = this.operand(); operand !== undefined; operand = this.operand()) {
      words.push(operand);
      const next = this.tokens[this.at];
      if (next === undefined || next.kind === 'pipe' || next.kind === 'close') break;
      if (!next.apart) throw this.unexpected();
    }
    if (words.length === 0)
      throw start === undefined || this.at >= this.tokens.length ? templateError(`missing value for ${what}`) : this.unexpected();
    return { words, source: words.map(({ source }) => source).join(' ') };
  }

  private operand(): Operand | undefined {
    const start = this.tokens[this.at];
    const term = this.term();
    if (term === undefined || start === undefined) return undefined;
    const fields: string[] = [];
    for (let next = this.tokens[this.at]; next?.kind === 'field' && !next.apart; next = this.tokens[this.at]) {
      fields.push(next.name);
      this.at++;
    }
    if (fields.length === 0) return term;
    const source = `${term.source}.${fields.join('.')}`;
    if ('fields' in term) return { ...term, fields: [...term.fields, ...fields], source };
    throw templateError(`unexpected . after ${excerpt(term.source)}`);
  }

  private term(): Operand | undefined {
    const token = this.tokens[this.at];
    if (token === undefined) return undefined;
    const { source } = token;
    this.at++;
    switch (token.kind) {
      case 'dot':
        return { kind: 'dot', source };
      case 'field':
        return { kind: 'field', fields: [token.name], source };
      case 'variable':
        this.known(token.name);
        return { kind: 'variable', name: token.name, fields: [], source };
      case 'literal':
        return { kind: 'literal', value: token.value, source };
      case 'word':
        return this.word(token.name, source);
      case 'open':
        return this.parenthesis();
      default:
        this.at--;
        return undefined;
    }
  }

  private word(name: string, source: string): Operand {
    if (name === 'nil') return { kind: 'nil', source };
    if (name === 'true' || name === 'false') return { kind: 'literal', value: name === 'true', source };
    if (KEYWORDS.includes(name)) throw templateError(`unexpected {{${name}}} in ${excerpt(this.source)}`);
    if (this.functions.includes(name)) return { kind: 'function', name, source };
    const near = nearest(name, this.functions);
    throw templateError(
      `there is no function ${excerpt(name)}`,
      near === undefined ? `there are ${[...this.functions].sort().join(', ')}` : `Did you mean ${near}?`,
    );
  }

  private parenthesis(): Operand {
    if (++this.depth > DEEPEST) throw templateError(`parentheses are nested more than ${DEEPEST} deep`);
    const pipe = this.pipe('parenthesized pipeline');
    if (this.tokens[this.at]?.kind !== 'close')
      throw this.at < this.tokens.length ? this.unexpected() : templateError('unclosed left parenthesis');
    this.at++;
    this.depth--;
    return { kind: 'pipe', pipe, fields: [], source: `(${pipe.commands.map(({ source }) => source).join(' | ')})` };
  }

  private known(name: string): void {
    if (!this.variables.includes(name))
      throw templateError(`undefined variable ${excerpt(name)}`, `set it first: {{${excerpt(name)} := …}}`);
  }

  private unexpected(): Error {
    return templateError(`unexpected ${excerpt(this.tokens[this.at]?.source ?? 'end')} in ${excerpt(this.source)}`);
  }
}
