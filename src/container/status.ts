/** status.json: what the launch plan writes when a container starts and when it ends. Numbers come from slots and are texts. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PublishedPort } from '../network/settings.js';
import type { HostPath } from '../paths.js';

export type ContainerStatus = 'creating' | 'created' | 'running' | 'paused' | 'restarting' | 'stopped';

export interface StatusFile {
  image?: string;
  command?: string[];
  created?: string;
  status?: ContainerStatus;
  pid?: string;
  startTime?: string;
  /** When the machine was started anew since then, the two above mean nothing. */
  boot?: string;
  started?: string;
  finished?: string;
  exitCode?: string;
  /** Why tsrun ended it, or ''. */
  error?: string;
  /** As they are open since this start. */
  ports?: (Omit<PublishedPort, 'hostPort'> & { hostPort: string })[];
  /** Who sees to it while it runs. */
  runner?: { pid: string; startTime: string };
  restarts?: string;
}

/** Empty when there is none yet, or when it is damaged: one bad file must not hide the container. */
export function readStatus(directory: HostPath): StatusFile {
  try {
    return JSON.parse(readFileSync(join(directory, 'status.json'), 'utf8')) as StatusFile;
  } catch {
    return {};
  }
}
