/** The failures of copying. */
import { errnoOf, systemReason, TsrunError } from '../errors.js';
import { show } from '../layer/fault.js';

/** What is to be copied is not there, or cannot be. */
export function badSource(message: string, subject: string | Buffer, hint: string, cause?: unknown): TsrunError {
  return new TsrunError('ERR_TSRUN_COPY_SOURCE', message, { subject: text(subject), hint, cause });
}

/** Where it is to go it cannot. */
export function badDestination(message: string, subject: string | Buffer, hint: string, cause?: unknown): TsrunError {
  return new TsrunError('ERR_TSRUN_COPY_DESTINATION', message, { subject: text(subject), hint, cause });
}

function text(name: string | Buffer): string {
  return typeof name === 'string' ? name : show(name);
}

/** A system error while one entry was written, by its name in the archive. */
export function notWritten(error: unknown, name: Buffer): unknown {
  const code = errnoOf(error);
  if (error instanceof TsrunError || code === undefined) return error;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new TsrunError('ERR_TSRUN_DISK_FULL', `no space left to write ${show(name)}`, {
      subject: show(name),
      hint: 'free some space there; what was copied so far stays',
      cause: error,
    });
  }
  const hint =
    code === 'EROFS'
      ? 'it is mounted read-only: copy to another place'
      : code === 'EBUSY'
        ? 'it is a mount of its own and cannot be replaced: write to it with tsrun exec'
        : 'what was copied so far stays';
  return badDestination(`${show(name)} cannot be written: ${systemReason(error)}`, name, hint, error);
}

/** A system error while one file was read. */
export function notRead(error: unknown, name: Buffer): unknown {
  if (error instanceof TsrunError || errnoOf(error) === undefined) return error;
  return badSource(`${show(name)} cannot be read: ${systemReason(error)}`, name, 'nothing behind it was copied', error);
}

/** Faults of a tar speak of layers and images; this one is neither. */
export function ofArchive(error: unknown): unknown {
  if (!(error instanceof TsrunError) || !error.code.startsWith('ERR_TSRUN_LAYER_')) return error;
  const message = error.message.replaceAll('the layer', 'the archive');
  return new TsrunError('ERR_TSRUN_ARCHIVE_INVALID', message, {
    ...(error.subject === undefined ? {} : { subject: error.subject }),
    hint: 'give a plain tar whose names stay below the directory; what was copied so far stays',
    cause: error,
  });
}
