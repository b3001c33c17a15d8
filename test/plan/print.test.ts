import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { jsonText } from '../../src/plan/encode.js';
import type { Operation } from '../../src/plan/operations.js';
import { plainPlan, printPlan } from '../../src/plan/print.js';
import { slot } from '../../src/plan/slot.js';

const printed = (...operations: Operation[]) => printPlan({ processes: [{ name: 'p', operations }] });

describe('printPlan', () => {
  it('shows a process per paragraph, a stage per heading, an operation per line', () => {
    const plan = {
      processes: [
        {
          name: 'parent',
          operations: [
            ['stage', 'clone'],
            ['clone', 'child', 0x10000000],
          ] satisfies Operation[],
        },
        { name: 'child', operations: [['undumpable']] satisfies Operation[] },
      ],
    };
    assert.equal(printPlan(plan), 'parent:\n  ── clone\n  clone child 0x10000000\n\nchild:\n  undumpable\n');
  });

  it('shows slots by name, never a value', () => {
    const line = printed(['write-file', `/x/${slot('id')}`, 0o600, jsonText({ token: slot('env:TOKEN') })]);
    assert.equal(line, 'p:\n  write-file /x/{id} 0600 "{\\"token\\":\\"{env:TOKEN}\\"}"\n');
  });

  it('quotes what is not plain, so that no text can look like another operation or speak to a terminal', () => {
    assert.equal(printed(['exec', ['sh', '', 'a b', 'é\n\x1b[2J'], [], '']), 'p:\n  exec [sh "" "a b" "é\\n\\u001b[2J"] [] ""\n');
  });

  it('shows modes in octal, flags in hexadecimal, small numbers as they are', () => {
    assert.equal(
      printed(['mkdir', '/a', 0o1777], ['umask', 0o22], ['propagation', 0x44000], ['dup', 2, 'null']).replace('p:\n', ''),
      ['  mkdir /a 01777', '  umask 022', '  propagation 0x44000', '  dup 2 null', ''].join('\n'),
    );
  });

  it('shows all capabilities as bits', () => {
    assert.match(printed(['bounding-set', 0x800405fbn]), /bounding-set 0x800405fb\n/);
    assert.match(printed(['capabilities', -1n, 0n, 0n, 0n]), /capabilities -1 0 0 0\n/);
  });

  it('shows raw bytes by their length and digest', () => {
    assert.equal(printed(['seccomp', Buffer.from('abc')]), 'p:\n  seccomp <3 bytes sha256:ba7816bf8f01>\n');
  });

  it('leaves out the seccomp profile of a config.json: its filter is an operation', () => {
    const spec = { process: { args: ['"seccomp":{'] }, linux: { seccomp: { syscalls: [{ names: ['read'] }] }, namespaces: [] } };
    const line = printed(['write-file', '/config.json', 0o600, jsonText({ ...spec, hostname: slot('short-id') })]);
    const shown = { ...spec, linux: { ...spec.linux, seccomp: '…' }, hostname: '{short-id}' };
    assert.equal(line, `p:\n  write-file /config.json 0600 ${JSON.stringify(JSON.stringify(shown))}\n`);
  });

  it('indents what is nested', () => {
    const inner = { processes: [{ name: 'inner', operations: [['undumpable']] satisfies Operation[] }] };
    assert.equal(
      printed(['on-exit', 1, [['remove', '/a']]], ['detach', 'keeper', inner], ['undumpable']),
      'p:\n  on-exit 1\n      remove /a\n  detach keeper\n      inner:\n        undumpable\n  undumpable\n',
    );
  });
});

describe('plainPlan', () => {
  it('is the plan: what JSON cannot say is marked, nothing is left out', () => {
    const inner = { processes: [{ name: 'inner', operations: [['seccomp', Buffer.from('abc')]] satisfies Operation[] }] };
    const operations: Operation[] = [
      ['bounding-set', 0x800405fbn],
      ['capabilities', -1n, 2n ** 60n, 0n, 0n],
      ['seccomp', new Uint8Array([0, 255])],
      ['exec', [slot('id')], [], ''],
      ['detach', 'keeper', inner],
    ];
    assert.deepEqual(plainPlan({ processes: [{ name: 'p', operations }] }), {
      processes: [
        {
          name: 'p',
          operations: [
            ['bounding-set', 0x800405fb],
            ['capabilities', -1, '1152921504606846976', 0, 0],
            ['seccomp', { base64: 'AP8=' }],
            ['exec', ['\0{id}\0'], [], ''],
            ['detach', 'keeper', { processes: [{ name: 'inner', operations: [['seccomp', { base64: 'YWJj' }]] }] }],
          ],
        },
      ],
    });
  });
});
