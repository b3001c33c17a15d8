/**
 * Go's text/template, as docker's users use it in `--format`: everything but define, template and block, numbers beyond 2^53 and complex ones.
 * Written here and not taken from npm: what there is either starts a Go program, or replaces fields and knows no pipelines.
 */
import type { Node, Operand, Pipe } from './ast.js';
import { evaluate } from './evaluate.js';
import { FUNCTIONS, HEAD_FUNCTIONS } from './functions.js';
import { parseNodes } from './parse.js';
import type { Struct, Value } from './value.js';

export interface Template {
  /** What is printed for these data. @throws ERR_TSRUN_TEMPLATE */
  execute(data: Value): string;
  /** For the heads of a table: `lower` and its like leave them alone. @throws ERR_TSRUN_TEMPLATE */
  heads(names: Struct): string;
  /** Fields of the data itself that it names: `.Size`, `$.Size`. */
  readonly fields: ReadonlySet<string>;
}

/** @throws ERR_TSRUN_TEMPLATE */
export function parseTemplate(text: string): Template {
  const nodes = parseNodes(text, Object.keys(FUNCTIONS));
  return {
    execute: (data) => evaluate(nodes, data, FUNCTIONS),
    heads: (names) => evaluate(nodes, names, HEAD_FUNCTIONS),
    fields: new Set(nodes.flatMap((node) => rootFields(node, true))),
  };
}

/** @param atRoot whether `.` is the data itself here */
function rootFields(node: Node, atRoot: boolean): string[] {
  if (node.kind === 'action') return pipeFields(node.pipe, atRoot);
  if (!('pipe' in node)) return [];
  const inside = atRoot && node.kind === 'if';
  return [
    ...pipeFields(node.pipe, atRoot),
    ...node.body.flatMap((each) => rootFields(each, inside)),
    ...node.otherwise.flatMap((each) => rootFields(each, atRoot)),
  ];
}

function pipeFields({ commands }: Pipe, atRoot: boolean): string[] {
  return commands.flatMap(({ words }) => words.flatMap((word) => operandFields(word, atRoot)));
}

function operandFields(operand: Operand, atRoot: boolean): string[] {
  const isRoot = (operand.kind === 'field' && atRoot) || (operand.kind === 'variable' && operand.name === '$');
  if (isRoot) return operand.fields.slice(0, 1);
  return operand.kind === 'pipe' ? pipeFields(operand.pipe, atRoot) : [];
}
