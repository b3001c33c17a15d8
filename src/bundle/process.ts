/** Which program runs, and where: docker's rules for ENTRYPOINT, CMD, --entrypoint, arguments and working directory. Pure. */
import { posix } from 'node:path';
import { TsrunError } from '../errors.js';
import type { ContainerConfig } from '../spec/image.js';
import { checkText } from './check.js';

/**
 * Arguments after the image replace CMD. `--entrypoint` replaces ENTRYPOINT and drops CMD; '' clears both.
 * @throws ERR_TSRUN_CONFIG_INVALID for a damaged config
 */
export function buildCommand(
  image: ContainerConfig | undefined,
  entrypoint: string | string[] | undefined,
  command: readonly string[],
): { entrypoint: readonly string[]; cmd: readonly string[] } {
  for (const text of command) checkText(text, 'an argument', 'ERR_TSRUN_USAGE');
  const imageEntrypoint = checkAll(image?.Entrypoint, 'Entrypoint');
  const imageCommand = checkAll(image?.Cmd, 'Cmd');
  if (entrypoint !== undefined) return { entrypoint: optionEntrypoint(entrypoint), cmd: command };
  return { entrypoint: imageEntrypoint, cmd: command.length > 0 ? command : imageCommand };
}

/** All of it, as one list. @throws ERR_TSRUN_USAGE when nothing is left to run */
export function buildArgs(...from: Parameters<typeof buildCommand>): string[] {
  const { entrypoint, cmd } = buildCommand(...from);
  const args = [...entrypoint, ...cmd];
  if (args.length > 0) return args;
  throw new TsrunError('ERR_TSRUN_USAGE', 'no command specified, and the image has none', {
    hint: 'write the command behind the image: tsrun run IMAGE COMMAND',
  });
}

function optionEntrypoint(entrypoint: string | string[]): string[] {
  const parts = typeof entrypoint === 'string' ? [entrypoint] : entrypoint;
  for (const text of parts) checkText(text, '--entrypoint', 'ERR_TSRUN_USAGE');
  return parts.length === 1 && parts[0] === '' ? [] : parts;
}

function checkAll(texts: readonly string[] | null | undefined, what: string): readonly string[] {
  return (texts ?? []).map((text) => checkText(text, `${what} of the image`));
}

/** Absolute and without `..`. A relative one of the image starts at the root; of the caller it is an error. */
export function buildCwd(image: ContainerConfig | undefined, workdir: string | undefined): string {
  if (workdir !== undefined && workdir !== '') {
    checkText(workdir, '--workdir', 'ERR_TSRUN_USAGE');
    if (workdir.startsWith('/')) return normal(workdir);
    throw new TsrunError('ERR_TSRUN_USAGE', `the working directory ${JSON.stringify(workdir)} is not an absolute path`, {
      subject: workdir,
      hint: 'give a path in the container that starts with /',
    });
  }
  return normal(`/${checkText(image?.WorkingDir ?? '', 'WorkingDir of the image')}`);
}

/** Keeps no double slash at the front, which POSIX leaves open, nor one at the end. */
function normal(path: string): string {
  return posix.normalize(path.replace(/^\/+/, '/')).replace(/(.)\/$/, '$1');
}
