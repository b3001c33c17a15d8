import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodePlan, jsonText, partsOf } from '../../src/plan/encode.js';
import type { Operation } from '../../src/plan/operations.js';
import { type Slot, slot } from '../../src/plan/slot.js';

const encoded = (operation: Operation) => encodePlan({ processes: [{ name: 'p', operations: [operation] }] });
/** What follows the operation's name and count. */
const argumentsOf = (operation: Operation) => encoded(operation).subarray(16 + 4 + 5 + 4 + 4 + operation[0].length + 4);

describe('encodePlan', () => {
  it('begins with magic, version and the length of the rest', () => {
    const bytes = encoded(['pivot', 'root']);
    assert.equal(bytes.subarray(0, 8).toString(), 'TSRUNPLN');
    assert.deepEqual([bytes.readUInt32LE(8), bytes.readUInt32LE(12)], [1, bytes.length - 16]);
  });

  it('writes processes and operations as names with counts', () => {
    const body = encoded(['pivot', 'root']).subarray(16);
    assert.equal(
      body.toString('latin1'),
      '\x01\0\0\0' + '\x01\0\0\0p' + '\x01\0\0\0' + '\x05\0\0\0pivot' + '\x01\0\0\0' + 'd\x04\0\0\0root',
    );
  });

  it('counts texts in bytes, and splits them at their slots', () => {
    assert.equal(argumentsOf(['remove', `é${slot('id')}`]).toString('hex'), '620e000000' + '0002000000c3a9' + '01020000006964');
    assert.equal(argumentsOf(['remove', '']).toString('latin1'), 'b\0\0\0\0');
  });

  it('marks slots within JSON, and only those', () => {
    const text = jsonText({ a: `"${slot('cwd')}` });
    assert.deepEqual(partsOf(text), ['{"a":"\\"', { slot: 'cwd', json: true }, '"}']);
    assert.deepEqual(partsOf(`{"a":"${slot('cwd')}"}`), ['{"a":"', { slot: 'cwd', json: false }, '"}']);
  });

  it('keeps all 64 bits of a number', () => {
    const number = (value: number | bigint) => argumentsOf(['umask', value]).readBigInt64LE(1);
    for (const value of [0, 1, -1, 2 ** 53 - 1, -(2 ** 53 - 1)]) assert.equal(number(value), BigInt(value));
    assert.equal(number(2n ** 63n), -(2n ** 63n), 'capability 63 is a bit like the others');
    assert.equal(number(2n ** 64n - 1n), -1n);
  });

  it('writes lists, raw bytes, operations and plans within each other', () => {
    assert.equal(
      argumentsOf(['set-ids', 0, 0, [5]])
        .subarray(18)
        .toString('latin1'),
      'v\x01\0\0\0' + '\x05\0\0\0\0\0\0\0',
    );
    assert.equal(argumentsOf(['seccomp', Buffer.from([0, 255])]).toString('latin1'), 'x\x02\0\0\0\0\xff');
    assert.equal(
      argumentsOf(['on-exit', 1, [['undumpable']]])
        .subarray(9)
        .toString('latin1'),
      'o\x01\0\0\0' + '\x0a\0\0\0undumpable\0\0\0\0',
    );
    const inner = { processes: [{ name: 'i', operations: [] }] };
    assert.equal(argumentsOf(['detach', 'k', inner]).subarray(6).toString('latin1'), 'q\x01\0\0\0' + '\x01\0\0\0i' + '\0\0\0\0');
  });

  it('refuses a slot that no helper knows', () => {
    for (const name of ['', 'home', 'env:', 'env:A=B', 'id ']) assert.throws(() => encoded(['remove', slot(name as Slot)]), /not a slot/);
  });
});
