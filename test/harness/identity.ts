/** As whom a test runs tsrun: root, a user with subordinate ids, a user without. scripts/users.mjs makes the users. */
import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';

export type IdentityName = 'root' | 'range' | 'single';

export interface Identity {
  readonly name: IdentityName;
  readonly user: string;
  readonly uid: number;
  readonly gid: number;
  /** Why this process cannot act as this identity: for `skip`. */
  readonly unavailable?: string;
}

/** All three; from an ordinary user's `npm test` only that user's own is available. */
export function identities(): Identity[] {
  return [identity('root'), identity('range'), identity('single')];
}

export function identity(name: IdentityName): Identity {
  const own = userInfo();
  if (own.uid === 0) return name === 'root' ? { name, user: 'root', uid: 0, gid: 0 } : testUser(name);
  const me: Identity = { name, user: own.username, uid: own.uid, gid: own.gid };
  if (name === (hasRange(own.username, own.uid) ? 'range' : 'single')) return me;
  return { ...me, unavailable: `only root can act as another user, and ${own.username} is not ${name}` };
}

function testUser(name: 'range' | 'single'): Identity {
  const user = `tsrun-${name}`;
  const line = readFileSync('/etc/passwd', 'utf8').match(new RegExp(`^${user}:[^:]*:(\\d+):(\\d+):`, 'm'));
  if (line === null) throw new Error(`there is no user ${user}: run node scripts/users.mjs`);
  return { name, user, uid: Number(line[1]), gid: Number(line[2]) };
}

function hasRange(user: string, uid: number): boolean {
  try {
    return new RegExp(`^(${user}|${uid}):`, 'm').test(readFileSync('/etc/subuid', 'utf8'));
  } catch {
    return false;
  }
}

/** The environment of a fresh login: nothing of the test's own gets through. */
export function loginEnvironment(who: Identity, home: string): Record<string, string> {
  const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  return { HOME: home, USER: who.user, LOGNAME: who.user, PATH: path, LANG: 'C.UTF-8' };
}
