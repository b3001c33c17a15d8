/** A container's name is a link to its directory. */
import { readdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf, TsrunError } from '../errors.js';
import type { StorePaths } from '../paths.js';
import { checkName } from './name.js';
import type { Container } from './state.js';

/** The new name is there before the old one goes. @throws ERR_TSRUN_NAME_IN_USE, ERR_TSRUN_USAGE */
export function renameContainer({ names }: StorePaths, { directory }: Container, name: string): void {
  checkName(name);
  try {
    symlinkSync(directory, join(names, name));
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    throw new TsrunError('ERR_TSRUN_NAME_IN_USE', `the name ${JSON.stringify(name)} is used by another container`, {
      subject: name,
      hint: `choose another name, or remove it first: tsrun rm ${name}`,
    });
  }
  for (const other of readdirSync(names)) {
    if (other !== name && readlinkSync(join(names, other)) === directory) rmSync(join(names, other));
  }
}
