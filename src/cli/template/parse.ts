/** Pieces → nodes: the blocks of text/template/parse/parse.go, with the variables that each of them sees. */
import type { Node } from './ast.js';
import { templateError } from './fail.js';
import { lex, type Piece } from './lex.js';
import { DEEPEST, LONGEST_TEMPLATE } from './limits.js';
import { Reader } from './read-action.js';

/** @throws ERR_TSRUN_TEMPLATE */
export function parseNodes(template: string, functions: readonly string[]): Node[] {
  if (template.length > LONGEST_TEMPLATE) throw templateError(`the template is longer than ${LONGEST_TEMPLATE} characters`);
  return new TreeParser(lex(template), functions).parse();
}

/** How a list of nodes ended, and what stood in the action that ended it. */
interface Ending {
  word: 'end' | 'else' | 'eof';
  reader?: Reader;
}

class TreeParser {
  private at = 0;
  private depth = 0;
  private loops = 0;
  private variables = ['$'];

  constructor(
    private readonly pieces: readonly Piece[],
    private readonly functions: readonly string[],
  ) {}

  parse(): Node[] {
    const { nodes, ending } = this.list();
    if (ending.word !== 'eof') throw templateError(`unexpected {{${ending.word}}}`, 'it ends nothing');
    return nodes;
  }

  private list(): { nodes: Node[]; ending: Ending } {
    if (++this.depth > DEEPEST) throw templateError(`blocks are nested more than ${DEEPEST} deep`);
    const nodes: Node[] = [];
    for (let piece = this.pieces[this.at++]; piece !== undefined; piece = this.pieces[this.at++]) {
      if (piece.kind === 'text') {
        nodes.push(piece);
        continue;
      }
      const reader = new Reader(piece, this.functions, this.variables);
      const word = reader.keyword();
      if (word === 'end' || word === 'else') {
        this.depth--;
        return { nodes, ending: { word, reader } };
      }
      nodes.push(this.action(word, reader));
    }
    this.depth--;
    return { nodes, ending: { word: 'eof' } };
  }

  private action(word: string | undefined, reader: Reader): Node {
    if (word === 'if' || word === 'with' || word === 'range') return this.block(word, reader);
    if (word === 'break' || word === 'continue') {
      reader.nothingLeft(word);
      if (this.loops === 0) throw templateError(`{{${word}}} outside {{range}}`);
      return { kind: word };
    }
    if (word !== undefined) throw templateError(`tsrun's templates have no {{${word}}}`, 'write out what it would stand for');
    return { kind: 'action', pipe: reader.pipeToEnd('command') };
  }

  private block(kind: 'if' | 'with' | 'range', reader: Reader): Node {
    const outside = this.variables.length;
    const pipe = reader.pipeToEnd(kind);
    if (kind === 'range') this.loops++;
    const { nodes: body, ending } = this.list();
    if (kind === 'range') this.loops--;
    const otherwise = ending.word === 'else' ? this.otherwise(kind, ending.reader as Reader) : [];
    if (ending.word === 'eof') throw templateError(`{{${kind}}} without its {{end}}`);
    if (ending.word === 'end') ending.reader?.nothingLeft('end');
    this.variables.length = outside;
    return { kind, pipe, body, otherwise };
  }

  /** `{{else}}`, or `{{else if …}}` and `{{else with …}}`, which the same {{end}} ends. */
  private otherwise(kind: string, reader: Reader): Node[] {
    const word = reader.keyword();
    if (word !== undefined && word === kind && kind !== 'range') {
      if (++this.depth > DEEPEST) throw templateError(`blocks are nested more than ${DEEPEST} deep`);
      const node = this.block(kind as 'if' | 'with', reader);
      this.depth--;
      return [node];
    }
    if (word !== undefined) throw templateError(`unexpected {{else ${word}}} of {{${kind}}}`);
    reader.nothingLeft('else');
    const { nodes, ending } = this.list();
    if (ending.word === 'else') throw templateError('expected {{end}}, found a second {{else}}');
    if (ending.word === 'eof') throw templateError(`{{${kind}}} without its {{end}}`);
    ending.reader?.nothingLeft('end');
    return nodes;
  }
}
