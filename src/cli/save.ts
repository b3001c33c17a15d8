/** `save`: where the archive goes. */
import { TsrunError } from '../errors.js';

/** @throws ERR_TSRUN_USAGE for a directory without a name */
export function writesTo({ output = '-', format = '' }: { output?: string; format?: string }): string {
  if (output === '') throw new TsrunError('ERR_TSRUN_USAGE', '-o names no file', { hint: 'name one, or leave -o out for standard output' });
  if (output === '-' && format.endsWith('-dir'))
    throw new TsrunError('ERR_TSRUN_USAGE', `${format} is a directory, and no stream`, {
      subject: format,
      hint: 'name the directory with -o',
    });
  return output;
}
