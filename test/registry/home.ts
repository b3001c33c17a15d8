/** A home with files of logins in it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { temporaryDirectory } from '../harness/temporary.js';

export function homeWith(files: Record<string, unknown>): string {
  const home = temporaryDirectory();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(home, name)), { recursive: true, mode: 0o700 });
    writeFileSync(join(home, name), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return home;
}

/** An entry of `auths`. */
export const auth = (user: string, password: string) => ({ auth: Buffer.from(`${user}:${password}`).toString('base64') });
