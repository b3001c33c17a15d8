/** Every system call in a container with the default profile, as docs/seccomp.md has it; and what arguments decide. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { inCheckout } from '../../harness/checkout.js';
import { identities } from '../../harness/identity.js';
import { describeAs, type Place } from '../../harness/place.js';
import { probeOf } from '../../harness/probe.js';

const LAST = 500;
/** uretprobe and uprobe: newer kernels ask no filter about them. */
const UNFILTERED = [335, 336];
const x64 = process.arch === 'x64' ? false : 'the table is that of x86-64';

/** Number → what the page says of it. */
function documented(): Map<number, string> {
  const page = readFileSync(inCheckout('docs/seccomp.md'), 'utf8');
  return new Map([...page.matchAll(/^\| (\d+) \| \w+ \| ([^|]+?) \|/gm)].map(([, number, verdict = '']) => [Number(number), verdict]));
}

async function probe(where: Place, flags: string[], ...words: string[]): Promise<string[]> {
  const program = await probeOf('test/integration/privilege/syscalls.c');
  const { code, stdout, stderr } = await where.run([...flags, '-v', `${program}:/probe:ro`, where.image, '/probe', ...words]);
  assert.deepEqual([code, stderr], [0, '']);
  return stdout.trimEnd().split('\n');
}

async function measured(where: Place, flags: string[]): Promise<Map<number, string>> {
  const lines = await probe(where, flags, 'all', String(LAST));
  return new Map(lines.map((line) => line.split(' ')).map(([number, result = '']) => [Number(number), result]));
}

/** Call with its arguments → what becomes of it by default, and without a filter where that differs. */
const CASES: Readonly<Record<string, readonly [confined: RegExp, open?: RegExp]>> = {
  '16:1:0x5401': [/^ENOTTY$/],
  '16:1:0x5412': [/^EPERM$/, /^ENOTTY$|^EIO$/],
  '16:1:0x100005412': [/^EPERM$/, /^ENOTTY$|^EIO$/], // CVE-2019-10063: the kernel looks at 32 bits
  '16:1:0xffffffff0000541c': [/^EPERM$/, /^ENOTTY$/],
  'i386:54:1:0x5412': [/^EPERM$/, /^ENOTTY$|^EIO$/],
  '41:1:1': [/^ok$/],
  '41:38:5': [/^EPERM$/, /^(ok|EAFNOSUPPORT)$/],
  '41:0x100000026:5': [/^EPERM$/, /^(ok|EAFNOSUPPORT)$/],
  '41:40:1': [/^EPERM$/, /^(ok|EAFNOSUPPORT|ENODEV|EACCES)$/],
  'i386:359:38:5': [/^EPERM$/, /^(ok|EAFNOSUPPORT)$/],
  '56:17': [/^ok$/],
  '56:0x10000011': [/^EPERM$/, /^ok$/], // a user namespace: CVE-2022-0185 and its family begin there
  '56:0xffffffff10000011': [/^EPERM$/, /^(ok|EINVAL)$/],
  'i386:120:0x10000011': [/^EPERM$/, /^ok$/],
  '272:0x10000000': [/^EPERM$/, /^ok$/],
  '135:0xffffffff': [/^ok$/],
  '135:0x40000': [/^EPERM$/, /^ok$/],
  'i386:136:0x40000': [/^EPERM$/, /^ok$/],
  'i386:20': [/^ok$/],
  'i386:288:0': [/^EPERM$/],
  '0x40000027': [/^ENOSYS$/], // x32’s getpid
  '0x40000202:1:0x5412': [/^ENOSYS$/],
};

for (const who of identities()) {
  describeAs(who, 'system calls', (where) => {
    it('end as the page says, each of them', { skip: x64 }, async () => {
      const page = documented();
      const [confined, open] = [await measured(where(), []), await measured(where(), ['--security-opt', 'seccomp=unconfined'])];
      const differing: string[] = [];
      let refusedByFilter = 0;
      for (let number = 0; number <= LAST; number++) {
        const [expected = 'ENOSYS', found, without] = [page.get(number), confined.get(number), open.get(number)];
        if (expected.includes(';') || UNFILTERED.includes(number)) continue; // CASES has the former
        // What is let through ends as it does without a filter: some calls the kernel itself refuses, or does not have.
        if (found !== (expected === 'allowed' ? without : expected)) differing.push(`${number}: ${found}, not ${expected}`);
        if (found !== without) refusedByFilter++;
      }
      assert.deepEqual(differing, []);
      assert.ok(refusedByFilter > 40, `the filter makes no difference: ${refusedByFilter}`);
    });

    it('are judged by the part of their arguments that the kernel looks at, for each kind of program', { skip: x64 }, async () => {
      const words = ['call', ...Object.keys(CASES)];
      const [confined, open] = [await probe(where(), [], ...words), await probe(where(), ['--privileged'], ...words)];
      for (const [index, [call, [expected, without]]] of Object.entries(CASES).entries()) {
        assert.match(confined[index] ?? '', expected, call);
        if (without !== undefined) assert.match(open[index] ?? '', without, `${call}, without a filter`);
      }
    });
  });
}
