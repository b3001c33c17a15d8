/** What fails between tsrun and a container that another one runs. */
import { basename } from 'node:path';
import { TsrunError } from '../errors.js';
import { ERRNO, type FailureRecord } from './record.js';

/** Its pid was read a moment ago. */
export function explainProcess({ error }: FailureRecord): TsrunError | undefined {
  if (error !== ERRNO.ESRCH) return undefined;
  return new TsrunError('ERR_TSRUN_CONTAINER_STOPPED', 'the container has just ended', { hint: 'see what became of it: tsrun ps -a' });
}

/** The socket lies in a directory that is called after the container. */
export function explainSocket({ stage, path, error }: FailureRecord): TsrunError | undefined {
  if (stage !== 'attach' || (error !== ERRNO.ENOENT && error !== ERRNO.ECONNREFUSED)) return undefined;
  const name = basename(path).slice(0, 12);
  return new TsrunError(
    'ERR_TSRUN_UNSUPPORTED',
    `the container ${name} cannot be attached to: it was run with --rm in the foreground, or its runtime directory is gone`,
    { subject: path, hint: `run a command in it: tsrun exec ${name} sh` },
  );
}

export function explainAttached({ error }: FailureRecord): TsrunError | undefined {
  if (error !== ERRNO.ECONNRESET) return undefined;
  return new TsrunError('ERR_TSRUN_LAUNCH', 'the container’s supervisor is gone without saying how the container ended', {
    hint: 'it was killed: see dmesg, and tsrun ps -a',
  });
}

/** Whoever runs a container holds its directory. */
export function explainHeld({ path, error }: FailureRecord): TsrunError | undefined {
  if (error !== ERRNO.EAGAIN || !/\/containers\/[0-9a-f]{64}$/.test(path)) return undefined;
  const name = basename(path).slice(0, 12);
  return new TsrunError('ERR_TSRUN_CONTAINER_RUNNING', `the container ${name} runs already`, {
    subject: path,
    hint: `connect to it with: tsrun attach ${name}`,
  });
}
