/**
 * Classic BPF as seccomp(2) runs it. Code is a list of instructions that always ends in a return, so pieces nest without labels: a jump only ever
 * goes forward, over a whole piece.
 */

export interface Instruction {
  code: number;
  /** Jump if true / false: instructions to skip. */
  jt: number;
  jf: number;
  k: number;
}
export type Code = Instruction[];

/** linux/bpf_common.h: BPF_LD|BPF_W|BPF_ABS and its like. */
const LOAD = 0x20;
const JUMP = 0x05;
export const JUMP_EQUAL = 0x15;
export const JUMP_GREATER = 0x25;
export const JUMP_AT_LEAST = 0x35;
export const JUMP_ANY_BIT = 0x45;
export const AND = 0x54;
const RETURN = 0x06;

/** Offsets in struct seccomp_data (linux/seccomp.h). */
export const OFFSET_NUMBER = 0;
export const OFFSET_ARCH = 4;
/** Of the low half of an argument; both our processors are little-endian, the high half follows. */
export const offsetOfArg = (index: number): number => 16 + 8 * index;

/** linux/bpf_common.h BPF_MAXINSNS */
export const MAX_INSTRUCTIONS = 4096;

const REACH = 255;

export const plain = (code: number, k: number): Instruction => ({ code, jt: 0, jf: 0, k });
export const load = (offset: number): Instruction => plain(LOAD, offset);
export const give = (result: number): Code => [plain(RETURN, result)];

/** `if (A <op> k) then else otherwise`; both pieces end in a return. */
export function choose(op: number, k: number, then: Code, otherwise: Code): Code {
  if (then.length <= REACH) return [{ code: op, jt: 0, jf: then.length, k }, ...then, ...otherwise];
  return [{ code: op, jt: 1, jf: 0, k }, plain(JUMP, then.length), ...then, ...otherwise];
}

/** struct sock_filter[]: u16 code, u8 jt, u8 jf, u32 k. */
export function encode(code: Code): Buffer {
  const bytes = Buffer.alloc(code.length * 8);
  code.forEach((instruction, index) => {
    bytes.writeUInt16LE(instruction.code, index * 8);
    bytes.writeUInt8(instruction.jt, index * 8 + 2);
    bytes.writeUInt8(instruction.jf, index * 8 + 3);
    bytes.writeUInt32LE(instruction.k, index * 8 + 4);
  });
  return bytes;
}
