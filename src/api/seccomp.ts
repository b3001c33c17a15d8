/** `--security-opt seccomp=FILE`: the file, read once and whole when the run is compiled. */
import { closeSync, openSync, readSync } from 'node:fs';
import { parseSecurityOptions } from '../bundle/security-opt.js';
import { systemReason, TsrunError } from '../errors.js';
import { PROFILE_LIMIT, type Profile, readProfile } from '../security/seccomp/read-profile.js';

/** A relative path begins at the current directory. @throws ERR_TSRUN_USAGE, ERR_TSRUN_UNSUPPORTED */
export function askedProfile(securityOpt: readonly string[]): Profile | undefined {
  const { seccomp } = parseSecurityOptions(securityOpt);
  return typeof seccomp === 'object' ? readProfile(readBounded(seccomp.file), seccomp.file) : undefined;
}

/** One byte more than the limit says that it is too long: what has no end is not read to it. */
function readBounded(path: string): string {
  const bytes = Buffer.alloc(PROFILE_LIMIT + 1);
  try {
    const fd = openSync(path, 'r');
    try {
      let size = 0;
      for (let read = 1; read > 0 && size < bytes.length; size += read) read = readSync(fd, bytes, size, bytes.length - size, null);
      return new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, size));
    } finally {
      closeSync(fd);
    }
  } catch (cause) {
    const reason = cause instanceof TypeError ? 'it is not UTF-8' : systemReason(cause);
    throw new TsrunError('ERR_TSRUN_USAGE', `cannot read the seccomp profile ${path}: ${reason}`, {
      subject: path,
      hint: 'name a readable JSON file, or write seccomp=unconfined or seccomp=default',
      cause,
    });
  }
}
