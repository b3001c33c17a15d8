/** Why `--landlock` cannot be had. */
import { TsrunError } from '../errors.js';
import { ERRNO, type FailureRecord, reason, shown } from './record.js';

export function explainLandlock({ stage, path, error }: FailureRecord): TsrunError {
  if (stage === 'confine')
    return new TsrunError(
      'ERR_TSRUN_UNSUPPORTED',
      `--isolation landlock: ${path === '' ? 'the kernel refuses it' : `${shown(path)} cannot be allowed`}: ${reason(error)}`,
      {
        subject: path || '--isolation',
        hint: 'it needs Linux 6.12 with landlock, and paths that are there and are no links',
      },
    );
  if (path !== '')
    return new TsrunError('ERR_TSRUN_CONFIG_INVALID', `--landlock: ${shown(path)} of the container ${trouble(error)}`, {
      subject: path,
      hint: error === ERRNO.ELOOP ? 'name what it leads to: what the image makes of a path does not count' : 'name a path that is there',
    });
  const none =
    error === ERRNO.ENOSYS ? 'has no Landlock' : error === ERRNO.EOPNOTSUPP ? 'has Landlock switched off, or an old one' : undefined;
  return new TsrunError('ERR_TSRUN_UNSUPPORTED', `--landlock: the kernel ${none ?? `refuses the rules: ${reason(error)}`}`, {
    hint: 'write= needs Linux 6.2, exec= needs 5.19, and lsm= of the kernel command line must name landlock where it is given',
  });
}

/** seccomp(2): nobody listens to a process twice. */
export function explainListener({ error }: FailureRecord): TsrunError | undefined {
  if (error !== ERRNO.EBUSY) return undefined;
  const what = 'who started tsrun listens to its system calls (seccomp_unotify), and only one can';
  return new TsrunError('ERR_TSRUN_UNSUPPORTED', `--isolation landlock: ${what}`, { hint: 'run it outside of that sandbox' });
}

function trouble(error: number): string {
  if (error === ERRNO.ELOOP) return 'is a link, or leads through one';
  return error === ERRNO.ENOENT || error === ERRNO.ENOTDIR ? 'is not there' : `cannot be used: ${reason(error)}`;
}
