/** The default profile as a page for people: each system call of x86-64 and what it ends with. Not a test itself. */
import { DEFAULT_CAPABILITIES } from '../../../src/security/capabilities.js';
import { DEFAULT_PROFILE } from '../../../src/security/seccomp/profile.js';
import { defaultSeccomp } from '../../../src/security/seccomp/resolve.js';
import { syscallNumbers } from '../../../src/security/seccomp/syscalls.js';
import type { Seccomp } from '../../../src/spec/runtime.js';

export type Verdict = 'allowed' | 'EPERM' | 'ENOSYS' | 'by its arguments';

export interface TableRow {
  number: number;
  name: string;
  verdict: Verdict;
  /** Capabilities that open it whatever its arguments. */
  openedBy: string[];
}

/** What arguments decide. */
const ARGUMENTS: Readonly<Record<string, string>> = {
  clone: 'EPERM for new namespaces',
  ioctl: 'EPERM for TIOCSTI and TIOCLINUX',
  personality: 'EPERM but for PER_LINUX and PER_LINUX32, each with UNAME26',
  socket: 'EPERM for AF_ALG and AF_VSOCK',
};

export function syscallTable(): TableRow[] {
  const seccompOf = (granted: readonly string[]) => defaultSeccomp({ arch: 'x64', kernel: '6.1', granted });
  const usual = seccompOf(DEFAULT_CAPABILITIES);
  const conditions = new Set(
    DEFAULT_PROFILE.flatMap(({ granted = [], withoutGrant }) => [...granted, ...(withoutGrant ? [withoutGrant] : [])]),
  );
  const opened = [...conditions].map((name) => ({ name, seccomp: seccompOf([...DEFAULT_CAPABILITIES, name]) }));
  return [...syscallNumbers('x64')]
    .map(([name, number]) => {
      const verdict = verdictOf(usual, name);
      const by = opened.filter(({ seccomp }) => verdict !== 'allowed' && verdictOf(seccomp, name) === 'allowed');
      return { number, name, verdict, openedBy: by.map((each) => each.name) };
    })
    .sort((a, b) => a.number - b.number);
}

function verdictOf({ syscalls = [] }: Seccomp, name: string): Verdict {
  const rules = syscalls.filter(({ names }) => names.includes(name));
  const always = rules.find(({ args }) => args === undefined);
  if (always === undefined) return 'by its arguments';
  if (always.action === 'SCMP_ACT_ALLOW') return 'allowed';
  return always.errnoRet === 38 ? 'ENOSYS' : 'EPERM';
}

export function printTable(rows: readonly TableRow[]): string {
  const lines = rows.map(({ number, name, verdict, openedBy }) => {
    const what = verdict === 'by its arguments' ? `allowed; ${ARGUMENTS[name] ?? 'by its arguments'}` : verdict;
    return `| ${number} | ${name} | ${what} | ${openedBy.join(', ')} |`;
  });
  const last = rows.at(-1)?.number ?? 0;
  return `# System calls under the default seccomp profile

On x86-64, kernel 4.8 or newer, with the default capabilities. A number that is not here, and every one above ${last}, fails with ENOSYS, so that a C library
which probes for a newer call takes its older way; what is known and refused fails with EPERM. All calls of x32 fail with ENOSYS. Those of i386 have the same names and
verdicts. Newer kernels (6.14) ask no filter about uretprobe and uprobe, which are of use only to their own trampolines. The last column names capabilities (\`--cap-add\`) that open a call. A test prints this page from the profile, and another one measures it in containers.

| number | call | by default | opened by |
|---|---|---|---|
${lines.join('\n')}
`;
}
