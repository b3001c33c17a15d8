/** A second, independent reading of classic BPF for the tests: one system call through a filter. Not a test itself. */

export interface Call {
  number: number;
  arch: number;
  args?: bigint[];
}

/** Also checks what the kernel checks: jumps stay inside, only known instructions. @returns the action and how many instructions ran */
export function evaluate(filter: Buffer, call: Call): { action: number; steps: number } {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(call.number >>> 0, 0);
  data.writeUInt32LE(call.arch >>> 0, 4);
  (call.args ?? []).forEach((value, index) => {
    data.writeBigUInt64LE(BigInt.asUintN(64, value), 16 + 8 * index);
  });
  let a = 0;
  let pc = 0;
  for (let steps = 1; ; steps++) {
    if (pc * 8 >= filter.length) throw new Error(`jumped out of the filter: ${pc}`);
    const code = filter.readUInt16LE(pc * 8);
    const jt = filter.readUInt8(pc * 8 + 2);
    const jf = filter.readUInt8(pc * 8 + 3);
    const k = filter.readUInt32LE(pc * 8 + 4);
    pc++;
    if (code === 0x20) a = data.readUInt32LE(k);
    else if (code === 0x54) a = (a & k) >>> 0;
    else if (code === 0x05) pc += k;
    else if (code === 0x15) pc += a === k ? jt : jf;
    else if (code === 0x25) pc += a > k ? jt : jf;
    else if (code === 0x35) pc += a >= k ? jt : jf;
    else if (code === 0x45) pc += (a & k) !== 0 ? jt : jf;
    else if (code === 0x06) return { action: k, steps };
    else throw new Error(`instruction ${code.toString(16)} at ${pc - 1}`);
  }
}
