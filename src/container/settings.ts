/**
 * What a container is besides its runtime spec: kept as one annotation of its config.json, so that `start` can compile a plan from that
 * file alone. Plain JSON.
 */
import { join } from 'node:path';
import { TsrunError } from '../errors.js';
import type { HostPath, StorePaths } from '../paths.js';
import type { RootSource } from '../plan/root.js';
import type { ContainerSettings } from '../plan/settings.js';
import type { RuntimeSpec } from '../spec/runtime.js';

const ANNOTATION = 'io.tsrun.container';

/** The annotation that holds them. Layers lie where the store lies: only their names are kept. */
export function settingsAnnotation(paths: StorePaths, settings: ContainerSettings): Record<string, string> {
  const name = (path: string) => (path.startsWith(`${paths.layers}/`) ? path.slice(paths.layers.length + 1) : path);
  return { [ANNOTATION]: JSON.stringify({ ...settings, root: mapPaths(settings.root, name) }) };
}

/** @throws ERR_TSRUN_STORE_UNREADABLE */
export function settingsOf(paths: StorePaths, spec: RuntimeSpec, name: string): ContainerSettings {
  try {
    const settings = JSON.parse(spec.annotations?.[ANNOTATION] ?? '') as ContainerSettings;
    return { ...settings, root: mapPaths(settings.root, (path) => (path.startsWith('/') ? path : (join(paths.layers, path) as HostPath))) };
  } catch (cause) {
    throw new TsrunError('ERR_TSRUN_STORE_UNREADABLE', `the config.json of ${name} does not say how to start it`, {
      subject: name,
      hint: `remove the container: tsrun rm -f ${name}`,
      cause,
    });
  }
}

function mapPaths(root: RootSource, map: (path: string) => string): RootSource {
  return 'layers' in root ? { ...root, layers: root.layers.map(map) } : { ...root, path: map(root.path) };
}
