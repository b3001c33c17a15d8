/** Containers without namespaces (`--isolation landlock`) that are there: where they lie, and what cannot be done with them. */
import { realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { TsrunError } from '../errors.js';
import { type Confined, type ConfinedPlaces, rootOf } from '../plan/confined.js';
import type { ContainerSettings } from '../plan/settings.js';

/** The kernel is told real paths: what a link leads to today is what was meant. */
export function placesOf(containerDir: string, settings: Pick<ContainerSettings, 'root'>): ConfinedPlaces {
  if (settings.root.type !== 'copy') throw new TypeError('without namespaces a container has a copy of its image');
  // Neither the container's directory nor its root need be there yet.
  const above = realpathSync(dirname(dirname(containerDir)));
  return { root: rootOf(join(above, basename(dirname(containerDir)), basename(containerDir))), image: realpathSync(settings.root.path) };
}

/** What a process in a container needs to know that is there; undefined for one with namespaces. */
export function confinedOf(containerDir: string, settings: ContainerSettings, readOnly: boolean): Confined | undefined {
  return settings.confined && { ...settings.confined, ...placesOf(containerDir, settings), readOnly };
}

/** What goes by namespaces. @throws ERR_TSRUN_UNSUPPORTED */
export function refuseConfined(name: string, settings: Pick<ContainerSettings, 'confined'>, what: string, hint: string): void {
  if (settings.confined)
    throw new TsrunError('ERR_TSRUN_UNSUPPORTED', `${what}: the container ${name} has no namespaces (--isolation landlock)`, {
      subject: name,
      hint,
    });
}
