/** Whether unpacked layers are whole: under its name a layer has layer.json, which was written last, and diff. */
import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf, systemReason } from '../errors.js';
import type { HostPath, StorePaths } from '../paths.js';
import type { Identity } from './identity.js';
import { removeLayerDirectory, withdraw } from './publish.js';

/** Undefined when nothing is wrong, or when it is gone. */
export function layerProblem(directory: HostPath): string | undefined {
  const stat = lstatSync(directory, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  if (!stat.isDirectory()) return 'it is not a directory';
  const report = reportProblem(join(directory, 'layer.json'));
  const isWhole = lstatSync(join(directory, 'diff'), { throwIfNoEntry: false })?.isDirectory() === true;
  const problem = report ?? (isWhole ? undefined : 'its files are not there');
  return lstatSync(directory, { throwIfNoEntry: false }) === undefined ? undefined : problem;
}

function reportProblem(path: string): string | undefined {
  try {
    const report: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return typeof report === 'object' && report !== null ? undefined : 'its layer.json is none';
  } catch (error) {
    return errnoOf(error) === undefined ? 'its layer.json is damaged' : `its layer.json cannot be read: ${systemReason(error)}`;
  }
}

/** @returns whether it is gone: what runs keeps its layers */
export async function removeDamagedLayer(paths: StorePaths, identity: Identity, directory: HostPath): Promise<boolean> {
  const withdrawn = withdraw(paths, directory);
  if (withdrawn === undefined) return false;
  await removeLayerDirectory(identity, withdrawn.directory).finally(withdrawn.release);
  return true;
}
