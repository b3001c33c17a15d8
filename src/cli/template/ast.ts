/** What a template consists of (text/template/parse/node.go). */
import type { Float } from './value.js';

export type Node = { kind: 'text'; text: string } | { kind: 'action'; pipe: Pipe } | Block | { kind: 'break' } | { kind: 'continue' };

export interface Block {
  kind: 'if' | 'with' | 'range';
  pipe: Pipe;
  body: Node[];
  otherwise: Node[];
}

/** Commands, each given the result of the one before as its last argument. */
export interface Pipe {
  /** Variables that it declares, or sets; two for the index and the element of a range. */
  variables: string[];
  declares: boolean;
  commands: Command[];
}

export interface Command {
  /** The first is what is done, the others what it is done with. */
  words: Operand[];
  /** As it stands in the template. */
  source: string;
}

export type Operand = { source: string } & (
  | { kind: 'dot' | 'nil' }
  | { kind: 'literal'; value: string | number | boolean | Float }
  | { kind: 'function'; name: string }
  /** `.A.B`, `$x.A.B`, `(…).A.B` */
  | { kind: 'field'; fields: string[] }
  | { kind: 'variable'; name: string; fields: string[] }
  | { kind: 'pipe'; pipe: Pipe; fields: string[] }
);
