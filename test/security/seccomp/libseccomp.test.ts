/** libseccomp as the oracle: the same rules, compiled by it, give the same action for every call, native and of i386. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Capability, DEFAULT_CAPABILITIES } from '../../../src/security/capabilities.js';
import { AUDIT_ARCH, compileSeccomp } from '../../../src/security/seccomp/compile.js';
import { DEFAULT_PROFILE } from '../../../src/security/seccomp/profile.js';
import { readProfile } from '../../../src/security/seccomp/read-profile.js';
import { defaultSeccomp } from '../../../src/security/seccomp/resolve.js';
import { resolveProfile } from '../../../src/security/seccomp/resolve-profile.js';
import { syscallNumbers } from '../../../src/security/seccomp/syscalls.js';
import type { Seccomp } from '../../../src/spec/runtime.js';
import { CALLS, generatedProfile, probesOf } from './generated.js';
import { evaluate } from './interpreter.js';
import { isKnown, LIBRARY, libseccompFilter } from './libseccomp.js';
import { PROFILES } from './profiles.js';

const skip =
  process.arch !== 'x64' ? 'libseccomp builds for its own processor' : LIBRARY ? false : 'libseccomp is not installed (libseccomp-dev)';

/** Each capability that the profile has a word for, alone; then several and none. */
const CONDITIONS = new Set(
  DEFAULT_PROFILE.flatMap(({ granted = [], withoutGrant }) => [...granted, ...(withoutGrant ? [withoutGrant] : [])]),
);
const GRANTS: Capability[][] = [
  [],
  [...DEFAULT_CAPABILITIES],
  [...CONDITIONS],
  ...[...CONDITIONS].map((name) => [...DEFAULT_CAPABILITIES, name]),
];

const WORDS = [0n, 1n, 2n, 8n, 38n, 39n, 40n, 41n, 0x5401n, 0x5412n, 0x541cn, 0x20008n, 0x10000000n, 0x7e020000n, 0xffffffffn];
const VALUES = WORDS.flatMap((low) => [0n, 1n << 32n, 0xffffffff00000000n].map((high) => high | low));
/** What podman ships: of some calls it says two things. */
const PODMANS = '/usr/share/containers/seccomp.json';

describe('beside libseccomp', { skip }, () => {
  it('every call of the default profile ends alike, whichever capability of the profile’s is granted', () => {
    for (const granted of GRANTS)
      for (const kernel of ['6.1', '4.4']) assertAlike(defaultSeccomp({ arch: 'x64', kernel, granted }), granted.join(), abisFor(granted));
  });

  const texts = Object.entries(PROFILES).map(([name, profile]): [string, string] => [name, JSON.stringify(profile)]);
  if (existsSync(PODMANS)) texts.push(['as podman ships it', readFileSync(PODMANS, 'utf8')]);
  for (const [name, text] of texts) {
    it(`every call ends alike under a profile that was read: ${name}`, () => {
      const read = readProfile(text, 'p.json');
      for (const granted of GRANTS)
        assertAlike(resolveProfile(read, { arch: 'x64', kernel: '6.1', granted }), granted.join(), abisFor(granted));
    });
  }

  it('a call ends alike under any profile: every operator, several rules, those that repeat or contradict one another', () => {
    const picks = fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat()), { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(generatedProfile, picks, (seccomp, chosen) => {
        for (const abi of ABIS) assertGenerated(seccomp, abi, probesOf(seccomp, chosen));
      }),
      { numRuns: 30 },
    );
  });
});

function assertGenerated(seccomp: Seccomp, abi: (typeof ABIS)[number], probes: bigint[][]): void {
  const pair = filtersOf(seccomp, abi);
  if (!pair.theirs) return;
  for (const name of CALLS) {
    const number = syscallNumbers(abi).get(name);
    if (number === undefined) continue;
    for (const args of probes) {
      if (name === 'ipc' && ((args[0] ?? 0n) & 0xffff0000n) !== 0n) continue; // a version, which libseccomp takes for another call
      assertCall(pair, { number, args }, `${abi} ${name} of ${args.map((each) => each.toString(16))}`);
    }
  }
}

/** Of the calls that there are: what no kernel has fails with ENOSYS, which libseccomp has no word for. */
function assertAlike(seccomp: Seccomp, about: string, abis: readonly (typeof ABIS)[number][] = ABIS): void {
  const rules = seccomp.syscalls ?? [];
  const looked = new Set(['socketcall', 'ipc', ...rules.flatMap(({ names, args }) => (args ? names : []))]);
  for (const abi of abis) {
    const pair = filtersOf(seccomp, abi);
    const numbers = syscallNumbers(abi);
    const newest = Math.max(...rules.flatMap(({ names }) => names.map((name) => numbers.get(name) ?? 0)));
    for (const [name, number] of numbers) {
      if (number > newest || (abi === 'x86' && !isKnown(name))) continue;
      for (const value of looked.has(name) ? VALUES : [0n, 0xffffffffffffffffn])
        assertCall(pair, { number, args: [value, value, value] }, `${abi} ${name} of ${value.toString(16)} with ${about}`);
    }
  }
}

/** i386's with few capabilities and with all: what they open is no matter of the ABI. */
const abisFor = (granted: Capability[]) => (GRANTS.indexOf(granted) % 2 === 0 && GRANTS.indexOf(granted) < 4 ? ABIS : (['x64'] as const));
const ABIS = ['x64', 'x86'] as const;

interface Pair {
  arch: number;
  ours: Buffer;
  theirs: Buffer | undefined;
  /** Where conditions decide of what socketcall and ipc do, ours is the strict one: libseccomp compares their other arguments. */
  strict: boolean;
}

const MULTIPLEXED = /^(accept|bind|connect|listen|recv|send|shutdown|socket|[gs]etsock|getpeer|msg|sem|shm)/;

function filtersOf(seccomp: Seccomp, abi: (typeof ABIS)[number]): Pair {
  const ours = compileSeccomp({ ...seccomp, architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86'] }, 'x64');
  const looked = (seccomp.syscalls ?? []).flatMap(({ names, args }) => (args?.length ? names : []));
  return { arch: AUDIT_ARCH[abi], ours, theirs: libseccompFilter(seccomp, abi), strict: looked.some((name) => MULTIPLEXED.test(name)) };
}

function assertCall({ arch, ours, theirs, strict }: Pair, call: { number: number; args: bigint[] }, what: string): void {
  assert.ok(theirs, `libseccomp takes the profile: ${what}`);
  const [own, other] = [ours, theirs].map((filter) => evaluate(filter, { ...call, arch }).action) as [number, number];
  const multiplexer = arch === AUDIT_ARCH.x86 && [102, 117].includes(call.number);
  if (strict && multiplexer) assert.ok(own >> 16 <= other >> 16, `${what}: ${own.toString(16)} is milder than ${other.toString(16)}`);
  else if (own !== other) assert.equal(own, other, what);
}
