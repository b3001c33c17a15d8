/** SELinux as this host has it: what the kernel's selinuxfs and the policy's files say, and what the policy answers. */
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { textOf } from './host-facts.js';

const FS = '/sys/fs/selinux';

export interface SelinuxHost {
  /** What the policy forbids does not happen; else it is only written down. */
  enforcing: boolean;
  /** Contexts end with a level. */
  levels: boolean;
  /** Context of this process. */
  own: string;
  /** The policy's contexts of containers; '' where it says nothing of them. */
  defaults: string;
}

/** Undefined where it is not enabled, has no policy (then all contexts are `kernel`), or is hidden from who asks. */
export function readSelinux(): SelinuxHost | undefined {
  const enforce = textOf(`${FS}/enforce`);
  const own = textOf('/proc/self/attr/current').replace(/[\0\n]+$/, '');
  if (enforce === '' || !own.includes(':')) return undefined;
  const policy = /^\s*SELINUXTYPE\s*=\s*(\S+)/m.exec(textOf('/etc/selinux/config'))?.[1] ?? 'targeted';
  const places = [`/etc/selinux/${policy}/contexts/lxc_contexts`, '/usr/share/containers/selinux/contexts'];
  return {
    enforcing: enforce.startsWith('1'),
    levels: textOf(`${FS}/mls`).startsWith('1'),
    own,
    defaults: places.map(textOf).find((text) => text !== '') ?? '',
  };
}

/** Whether the policy knows its parts, and lets them stand together. */
export function isValidContext(context: string): boolean {
  return asked('context', `${context}\0`) !== undefined;
}

export interface Access {
  source: string;
  target: string;
  /** Of objects, such as `process`. */
  kind: string;
  permissions: readonly string[];
}

/** @returns those of the permissions that the policy refuses; none where it may not be asked, or does not know them */
export function refusedOf({ source, target, kind, permissions }: Access): string[] {
  const number = textOf(`${FS}/class/${kind}/index`).trim();
  const answer = number === '' ? undefined : asked('access', `${source} ${target} ${number}`);
  if (answer === undefined) return [];
  const [allowed = '0', , , , , flags = '0'] = answer.split(' ');
  // The source's domain may be permissive by itself.
  if (Number.parseInt(flags, 16) & 1) return [];
  return permissions.filter((name) => {
    const bit = Number(textOf(`${FS}/class/${kind}/perms/${name}`));
    return bit > 0 && !(Number.parseInt(allowed, 16) & (1 << (bit - 1)));
  });
}

/** A question and its answer through one descriptor; undefined: refused. */
function asked(file: 'context' | 'access', question: string): string | undefined {
  try {
    const fd = openSync(`${FS}/${file}`, 'r+');
    try {
      writeSync(fd, question);
      const answer = Buffer.alloc(4096);
      return answer.toString('utf8', 0, readSync(fd, answer, 0, answer.length, 0));
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined;
  }
}

/** The type alone, as rules name it. */
function typeOf(context: string): string {
  return context.split(':')[2] ?? context;
}

/** What a domain may do is known before anything is started: as a whole, and in the policy's own words. */
export function missingRules(accesses: readonly Access[], refused: (access: Access) => string[] = refusedOf): string[] {
  return accesses.flatMap((access) => {
    const permissions = refused(access);
    if (permissions.length === 0) return [];
    return [`allow ${typeOf(access.source)} ${typeOf(access.target)}:${access.kind} { ${permissions.join(' ')} };`];
  });
}
