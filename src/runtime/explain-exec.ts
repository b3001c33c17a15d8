/** Why the command does not run: 127 when it was not found, 126 when it was. */
import { TsrunError } from '../errors.js';
import { ERRNO, type FailureRecord, reason, shown } from './record.js';

export function explainExec({ path, error }: FailureRecord): TsrunError {
  switch (error) {
    case ERRNO.ENOENT:
      return notFound(
        path,
        `${shown(path)}: executable file not found in the container`,
        path.includes('/') ? 'check the path, and that its interpreter is in the image' : 'check the name, or give the whole path',
      );
    case ERRNO.ENOTDIR:
      return notFound(path, `${shown(path)}: a part of the path is not a directory`, 'check the path');
    case ERRNO.EACCES:
      return notRunnable(
        path,
        `${shown(path)}: permission denied: it is a directory or not executable`,
        'run an executable file, or make this one executable in the image; with --landlock exec= name where it and its loader lie; with --init an AppArmor profile has to let it be executed; with label= the SELinux policy',
      );
    case ERRNO.ENOEXEC:
      return notRunnable(
        path,
        `${shown(path)}: exec format error: not a program for this machine (${process.arch})`,
        'a script needs a #! line; an image of another architecture needs --platform',
      );
    case ERRNO.EAGAIN:
      return notRunnable(path, `${shown(path)} cannot be started: its user has as many processes as he may`, 'raise --ulimit nproc');
    case ERRNO.E2BIG:
      return notRunnable(path, 'the arguments and the environment are longer than the kernel allows', 'pass less, or through a file');
    default:
      return notRunnable(path, `${shown(path)} cannot be executed: ${reason(error)}`, 'check the file in the image');
  }
}

function notFound(subject: string, message: string, hint: string): TsrunError {
  return new TsrunError('ERR_TSRUN_COMMAND_NOT_FOUND', message, { subject, hint });
}

function notRunnable(subject: string, message: string, hint: string): TsrunError {
  return new TsrunError('ERR_TSRUN_COMMAND_NOT_RUNNABLE', message, { subject, hint });
}
