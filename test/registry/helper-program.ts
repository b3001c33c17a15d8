/** docker-credential-NAME as a shell script in a directory of its own, and what it was told. */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HelperContext } from '../../src/registry/credential-helper.js';
import { createSecrets } from '../../src/registry/secrets.js';
import { temporaryDirectory } from '../harness/temporary.js';
import { QUICK } from './fake-server.js';

export interface HelperProgram {
  /** for PATH */
  directory: string;
  /** PATH with it first. */
  path: string;
  /** Of each call: the action, then what came on standard input. */
  calls(): string[];
}

/** @param body sh; $1 is the action, $input what came on standard input */
export function helperProgram(name: string, body: string): HelperProgram {
  const directory = temporaryDirectory();
  chmodSync(directory, 0o777);
  const log = join(directory, 'calls');
  writeFileSync(log, '');
  chmodSync(log, 0o666);
  const script = `#!/bin/sh\ninput=$(cat)\nprintf '%s %s\\n' "$*" "$input" >>'${log}'\n${body}\n`;
  writeFileSync(join(directory, `docker-credential-${name}`), script, { mode: 0o755 });
  const path = `${directory}:${process.env['PATH'] ?? ''}`;
  return { directory, path, calls: () => readFileSync(log, 'utf8').split('\n').filter(Boolean) };
}

/** One that keeps what it is told, in a file beside it. */
export function keepingHelper(name: string): HelperProgram & { stored(): unknown } {
  const program = helperProgram(
    name,
    `here=$(dirname "$0")/stored
case $1 in
store) printf %s "$input" >"$here" ;;
get) grep -sF "\\"$input\\"" "$here" || { echo 'credentials not found in native keychain'; exit 1; } ;;
erase) rm -f "$here" ;;
list) if [ -e "$here" ]; then sed 's/.*"ServerURL":"\\([^"]*\\)","Username":"\\([^"]*\\)".*/{"\\1":"\\2"}/' "$here"; else echo '{}'; fi ;;
esac`,
  );
  return { ...program, stored: () => JSON.parse(readFileSync(join(program.directory, 'stored'), 'utf8')) };
}

/** What the registry code is given to look for credentials with. */
export function contextFor(env: NodeJS.ProcessEnv): HelperContext {
  return { env: { PATH: '/usr/bin:/bin', ...env }, tuning: QUICK, secrets: createSecrets() };
}
