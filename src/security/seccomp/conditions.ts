/**
 * Conditions on arguments → BPF. An argument has 64 bits and BPF words 32: each comparison looks at the halves. For ABIs of 32 bits at the
 * low one alone, of the value as well, as libseccomp: a 64-bit program can make i386's calls with more in its registers, which the kernel cuts off.
 */
import { TsrunError } from '../../errors.js';
import type { SeccompArg } from '../../spec/runtime.js';
import {
  AND,
  type Code,
  give,
  type Instruction,
  JUMP_ANY_BIT,
  JUMP_AT_LEAST,
  JUMP_EQUAL,
  JUMP_GREATER,
  load,
  offsetOfArg,
  plain,
} from './bpf.js';

/** All conditions hold → the result. */
export interface Alternative {
  conditions: readonly SeccompArg[];
  result: number;
}

/** Bits of an argument. */
export type Width = 32 | 64;

/** A step of one alternative: `yes`/`no` say where to go; a number skips so many steps ahead. */
interface Test {
  op: number;
  k: number;
  yes: Target;
  no: Target;
}
type Target = 'next' | 'holds' | 'fails';
type Step = { load: number } | { and: number } | Test;

/** The alternatives in order, the first that holds wins, else `otherwise`. */
export function compileAlternatives(alternatives: readonly Alternative[], otherwise: number, width: Width): Code {
  const code: Code = [];
  let loaded: number | undefined; // the word in A, kept over alternatives: a filter runs at every such call
  for (const { conditions, result } of alternatives) {
    const piece = new Piece(loaded);
    for (const condition of conditions) piece.add(stepsOf(condition, width));
    code.push(...piece.finish(result));
    loaded = piece.loadedOnFailure();
  }
  return [...code, ...give(otherwise)];
}

/** One alternative under construction: jumps to its end are patched when its length is known. */
class Piece {
  loaded: number | undefined;
  readonly #code: Code = [];
  readonly #jumps: { at: number; test: Test; afterCondition: number; loaded: number | undefined }[] = [];

  constructor(loaded: number | undefined) {
    this.loaded = loaded;
  }

  add(steps: Step[]): void {
    const first = this.#jumps.length;
    for (const step of steps) {
      if ('load' in step) this.#load(step.load);
      else if ('and' in step) this.#and(step.and);
      else {
        const at = this.#code.push(plain(step.op, step.k)) - 1;
        this.#jumps.push({ at, test: step, afterCondition: 0, loaded: this.loaded });
      }
    }
    const own = this.#jumps.slice(first);
    for (const jump of own) jump.afterCondition = this.#code.length;
    if (own.some((jump) => leadsTo(jump.test, 'holds') && jump.loaded !== this.loaded)) this.loaded = undefined;
  }

  /** What A holds where this alternative failed: known only when every way there left the same word in it. */
  loadedOnFailure(): number | undefined {
    const words = new Set(this.#jumps.filter(({ test }) => leadsTo(test, 'fails')).map(({ loaded }) => loaded));
    return words.size === 1 ? [...words][0] : undefined;
  }

  finish(result: number): Code {
    this.#code.push(...give(result));
    const end = this.#code.length;
    for (const { at, test, afterCondition } of this.#jumps) {
      const instruction = this.#code[at] as Instruction;
      const skip = (target: Target) => ({ next: 0, holds: afterCondition - at - 1, fails: end - at - 1 })[target];
      instruction.jt = skip(test.yes);
      instruction.jf = skip(test.no);
    }
    return this.#code;
  }

  #load(offset: number): void {
    if (this.loaded !== offset) this.#code.push(load(offset));
    this.loaded = offset;
  }

  #and(mask: number): void {
    this.#code.push(plain(AND, mask));
    this.loaded = undefined;
  }
}

function leadsTo({ yes, no }: Test, target: Target): boolean {
  return yes === target || no === target;
}

/** Whether it asks for no bit at all: libseccomp counts it as no condition. */
export function holdsAlways({ op, value }: SeccompArg, width: Width): boolean {
  const [high, low] = halves(value);
  return op === 'SCMP_CMP_MASKED_EQ' && low === 0 && (high === 0 || width === 32);
}

function stepsOf(arg: SeccompArg, width: Width): Step[] {
  const low = offsetOfArg(arg.index);
  const high = low + 4;
  const [valueHigh, valueLow] = halves(arg.value);
  const both = (steps: Step[]): Step[] => (width === 64 ? steps : []);
  const order = (op: number): Step[] => [
    ...both([
      { load: high },
      { op: JUMP_GREATER, k: valueHigh, yes: 'holds', no: 'next' },
      { op: JUMP_EQUAL, k: valueHigh, yes: 'next', no: 'fails' },
    ]),
    { load: low },
    { op, k: valueLow, yes: 'holds', no: 'fails' },
  ];
  switch (arg.op) {
    case 'SCMP_CMP_EQ':
      return [...both(equal(high, valueHigh)), ...equal(low, valueLow)];
    case 'SCMP_CMP_NE':
      return [
        ...both([{ load: high }, { op: JUMP_EQUAL, k: valueHigh, yes: 'next', no: 'holds' }]),
        { load: low },
        { op: JUMP_EQUAL, k: valueLow, yes: 'fails', no: 'holds' },
      ];
    case 'SCMP_CMP_GT':
      return order(JUMP_GREATER);
    case 'SCMP_CMP_GE':
      return order(JUMP_AT_LEAST);
    case 'SCMP_CMP_LE':
      return inverted(order(JUMP_GREATER));
    case 'SCMP_CMP_LT':
      return inverted(order(JUMP_AT_LEAST));
    case 'SCMP_CMP_MASKED_EQ': {
      const [wantHigh, wantLow] = halves(arg.valueTwo ?? 0);
      return [...both(maskedWord(high, valueHigh, wantHigh)), ...maskedWord(low, valueLow, wantLow)];
    }
  }
}

const equal = (word: number, k: number): Step[] => [{ load: word }, { op: JUMP_EQUAL, k, yes: 'next', no: 'fails' }];

function inverted(steps: Step[]): Step[] {
  const flip = (target: Target): Target => (target === 'holds' ? 'fails' : target === 'fails' ? 'holds' : 'next');
  return steps.map((step) => ('op' in step ? { ...step, yes: flip(step.yes), no: flip(step.no) } : step));
}

/** `jset` leaves A as it is; `and` would have to load it again. Bits of `wanted` outside of the mask count for nothing, as in libseccomp. */
function maskedWord(word: number, mask: number, wanted: number): Step[] {
  const want = (wanted & mask) >>> 0;
  if (mask === 0) return [];
  if (want === 0) return [{ load: word }, { op: JUMP_ANY_BIT, k: mask, yes: 'fails', no: 'next' }];
  if ((mask & (mask - 1)) === 0) return [{ load: word }, { op: JUMP_ANY_BIT, k: mask, yes: 'next', no: 'fails' }];
  if (mask === 0xffffffff) return equal(word, want);
  return [{ load: word }, { and: mask }, { op: JUMP_EQUAL, k: want, yes: 'next', no: 'fails' }];
}

/** High and low 32 bits, unsigned. JSON numbers above 2^53 have lost bits: refused. */
function halves(value: number): [number, number] {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new TsrunError('ERR_TSRUN_CONFIG_INVALID', `seccomp: ${value} is not an argument value between 0 and 2^53 - 1`, {
      hint: 'compare 32-bit halves with SCMP_CMP_MASKED_EQ instead',
    });
  }
  return [Math.floor(value / 2 ** 32), value % 2 ** 32];
}
