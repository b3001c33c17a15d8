/** `cp`: which of the library's four copies is meant by two words. */
import { TsrunError } from '../errors.js';
import type { CopyInOptions } from '../index.js';
import { writeBytes } from './output.js';
import { humanSize } from './units.js';
import { visible } from './visible.js';

export interface Said {
  bytes: number;
  /** docker's sentence at the end. */
  said: string;
}

/** Undefined when a tar went to standard output. */
export async function copy(source: string, destination: string, options: CopyInOptions): Promise<Said | undefined> {
  const { archiveFromContainer, archiveToContainer, copyFromContainer, copyToContainer, splitArgument } = await import('../index.js');
  if (source === '') throw refused('the source is empty');
  if (destination === '') throw refused('the destination is empty');
  const [from, to] = [splitArgument(source), splitArgument(destination)];
  if (from.container !== undefined && to.container !== undefined) throw refused('files are not copied from one container to another');
  for (const { container, path } of [from, to]) if (container !== undefined && path === '') throw refused(`${container}: has no path`);
  const { archive, followLink, ...common } = options;
  const reading = { ...common, ...(followLink === undefined ? {} : { followLink }) };
  const keeping = archive === undefined ? {} : { archive };
  if (from.container !== undefined) {
    if (archive) options.onNote?.('-a does nothing here: what comes out of a container belongs to the caller');
    if (to.path === '-') {
      for await (const piece of await archiveFromContainer(from.container, from.path, reading)) writeBytes(1, piece as Buffer);
      return undefined;
    }
    return said(await copyFromContainer(from.container, from.path, to.path, reading), to.path);
  }
  if (to.container === undefined) throw refused('neither of the two is a container');
  const copied =
    from.path === '-'
      ? await archiveToContainer(process.stdin, to.container, to.path, { ...common, ...keeping })
      : await copyToContainer(from.path, to.container, to.path, { ...reading, ...keeping });
  return said(copied, destination);
}

function said({ bytes }: { bytes: number }, destination: string): Said {
  return { bytes, said: `Successfully copied ${humanSize(bytes)} to ${visible(destination)}\n` };
}

function refused(message: string): TsrunError {
  return new TsrunError('ERR_TSRUN_USAGE', message, {
    hint: 'name a container on one side: tsrun cp NAME:PATH DEST, or tsrun cp SRC NAME:PATH',
  });
}
