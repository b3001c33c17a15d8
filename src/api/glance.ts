/** What the store holds, by name: read without a lock and without making or mending anything, for who only wants to show it. */
import { existsSync, readlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isVolumeName } from '../bundle/mount-words.js';
import { firstProcess } from '../container/alive.js';
import { nameOf } from '../container/name.js';

import { entriesOf, idsIn } from '../container/state.js';
import { type ContainerStatus, readStatus } from '../container/status.js';
import { listRefs } from '../content/refs.js';
import { type HostPath, resolveRoots, type StorePaths, storePaths } from '../paths.js';
import { pauseFile } from '../plan/status.js';
import type { CommonOptions } from './options.js';

export interface GlimpsedContainer {
  id: string;
  name: string;
  image: string;
  status: ContainerStatus;
}

/** Where the store is that the options name. @throws ERR_TSRUN_STORE_UNREADABLE */
function pathsOf(options: CommonOptions): StorePaths {
  return storePaths(resolveRoots(options, process.env, process.getuid?.() ?? 0));
}

/** Those whose name or id begins so. Whether one runs is asked of its first process, not of its lock. */
export function glanceAtContainers(beginning: string, options: CommonOptions): GlimpsedContainer[] {
  const paths = pathsOf(options);
  const names = new Map(entriesOf(paths.names).map((name) => [ownerOf(join(paths.names, name)), name]));
  return [paths.containers, paths.transient].flatMap((place) =>
    idsIn(place)
      .map((id) => ({ id, name: names.get(id) ?? nameOf(id) }))
      .filter(({ id, name }) => id.startsWith(beginning) || name.startsWith(beginning))
      .map(({ id, name }) => {
        const directory = join(place, id) as HostPath;
        const { image = '', status = 'stopped' } = readStatus(directory);
        const runs = status === 'running' && firstProcess(directory) !== undefined;
        return {
          id,
          name,
          image,
          status: runs ? (existsSync(pauseFile(directory)) ? 'paused' : 'running') : status === 'running' ? 'stopped' : status,
        };
      }),
  );
}

function ownerOf(link: string): string {
  try {
    return basename(readlinkSync(link));
  } catch {
    return ''; // it went while we looked
  }
}

/** Canonical references. */
export async function glanceAtImages(options: CommonOptions): Promise<string[]> {
  const { refs } = await listRefs(pathsOf(options));
  return refs.map(({ name }) => name);
}

export function glanceAtVolumes(options: CommonOptions): string[] {
  return entriesOf(pathsOf(options).volumes).filter(isVolumeName);
}
