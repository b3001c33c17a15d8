/** docker's words for how a container is (moby, container/state.go). Pure. */
import type { ContainerSummary } from '../../index.js';
import { age, humanDuration } from '../units.js';

export type State = 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';

export const STATES: readonly State[] = ['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead'];

/** What the words follow from. */
export type Told = Pick<ContainerSummary, 'created' | 'exitCode' | 'started' | 'finished'> & {
  /** OCI's word, or docker's. */
  status: string;
  paused?: boolean;
  health?: string;
};

export function stateOf({ status, paused }: Told): State {
  if (status === 'stopped') return 'exited';
  if (status === 'creating') return 'created';
  return status === 'running' && paused ? 'paused' : (STATES.find((state) => state === status) ?? 'exited');
}

/** `ps` lists it without `-a`. */
export function isUp(container: Told): boolean {
  return ['running', 'paused', 'restarting'].includes(stateOf(container));
}

/** `Up 3 minutes (healthy)`, `Exited (0) 2 hours ago`; the code is left out when nobody was there to see it. */
export function statusWords(container: Told, now: number): string {
  const { exitCode, started, finished, created, health } = container;
  const up = () => `Up ${humanDuration(now - Date.parse(started ?? created))}`;
  const code = exitCode === undefined ? '' : ` (${exitCode})`;
  const ago = finished === undefined ? '' : ` ${age(finished, now)}`;
  switch (stateOf(container)) {
    case 'running':
      return health === undefined || health === 'none' ? up() : `${up()} (${health === 'starting' ? 'health: starting' : health})`;
    case 'paused':
      return `${up()} (Paused)`;
    case 'restarting':
      return `Restarting${code}${ago}`;
    case 'created':
      return 'Created';
    case 'removing':
      return 'Removal In Progress';
    case 'dead':
      return 'Dead';
    default:
      return `Exited${code}${ago}`;
  }
}
