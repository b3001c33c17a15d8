/** What is wrong with the options of a run whatever the image is: said before anything is pulled. */
import { accessSync, constants, existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { checkPrivilege } from '../bundle/privilege.js';
import { checkSituation } from '../bundle/situation.js';
import { parseSpaces } from '../bundle/spaces.js';
import { checkName } from '../container/name.js';
import { type ErrorCode, TsrunError } from '../errors.js';
import { checkAppArmor } from './apparmor.js';
import { callersBoundingSet } from './host.js';
import { checkNetwork } from './network.js';
import type { RunOptions } from './options.js';
import { checkZone } from './timezone.js';

/** docker's: an empty name or file is none. */
export function withoutEmpty({ name, cidfile, pidfile, tz, umask, shmSize, ...options }: RunOptions): RunOptions {
  const texts = Object.entries({ name, cidfile, pidfile, tz, umask, shmSize }).filter(([, text]) => text);
  return { ...options, ...Object.fromEntries(texts) };
}

/** What can be known before anything is pulled. @throws ERR_TSRUN_USAGE, ERR_TSRUN_UNSUPPORTED, ERR_TSRUN_FILE_EXISTS */
export function checkRun(options: RunOptions): void {
  const { name, cidfile, pidfile, replace, tz } = options;
  if (name !== undefined) checkName(name);
  if (replace && name === undefined)
    throw new TsrunError('ERR_TSRUN_USAGE', '--replace needs a name', { hint: 'name the container that is replaced: --name NAME' });
  if (cidfile !== undefined) checkNewFile(cidfile, 'container id file');
  if (pidfile !== undefined) checkNewFile(pidfile, 'pid file');
  if (tz !== undefined && tz !== 'local') checkZone(tz);
  checkSituation(options);
  parseSpaces(options);
  checkPrivilege(options, callersBoundingSet());
  checkAppArmor(options.securityOpt ?? []);
  checkNetwork(options);
}

/** The helper writes it; what can be known is said before anything is pulled. */
function checkNewFile(path: string, what: string): void {
  const fail = (code: ErrorCode, message: string, hint: string) => new TsrunError(code, message, { subject: path, hint });
  if (existsSync(path)) throw fail('ERR_TSRUN_FILE_EXISTS', `the ${what} ${path} exists already`, 'remove it, or name another file');
  try {
    accessSync(dirname(resolve(path)), constants.W_OK | constants.X_OK);
  } catch {
    throw fail('ERR_TSRUN_USAGE', `the ${what} ${path} cannot be made`, 'name a file in a directory that you may write to');
  }
}
