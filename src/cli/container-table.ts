/** `tsrun ps`, as docker prints it (without ports, which there are none of). */
import type { ContainerSummary } from '../index.js';
import { shownName } from './shown-name.js';
import { table } from './table.js';
import { age, humanDuration, shortId } from './units.js';
import { visible } from './visible.js';

const COMMAND_WIDTH = 20;

export function containerTable(
  containers: readonly ContainerSummary[],
  options: { quiet?: boolean; noTrunc?: boolean },
  now = Date.now(),
): string {
  const idOf = (container: ContainerSummary) => (options.noTrunc ? container.id : shortId(container.id));
  if (options.quiet) return containers.map((container) => `${idOf(container)}\n`).join('');
  return table(
    ['CONTAINER ID', 'IMAGE', 'COMMAND', 'CREATED', 'STATUS', 'NAMES'],
    containers.map((container) => [
      idOf(container),
      shownName(container.image),
      commandOf(container, options.noTrunc === true),
      age(container.created, now),
      statusOf(container, now),
      container.name,
    ]),
  );
}

function commandOf(container: ContainerSummary, whole: boolean): string {
  const text = [...visible(container.command.join(' '))];
  const shown = whole || text.length <= COMMAND_WIDTH ? text : [...text.slice(0, COMMAND_WIDTH - 1), '…'];
  return `"${shown.join('')}"`;
}

function statusOf(container: ContainerSummary, now: number): string {
  const { status, exitCode, started, finished } = container;
  if (status === 'running' || status === 'paused')
    return `Up ${humanDuration(now - Date.parse(started ?? container.created))}${status === 'paused' ? ' (Paused)' : ''}`;
  if (status === 'restarting') return `Restarting (${exitCode ?? 'unknown'}) ${age(finished ?? container.created, now)}`;
  if (status !== 'stopped') return status === 'created' ? 'Created' : 'Creating';
  const exited = exitCode === undefined ? 'Exited' : `Exited (${exitCode})`;
  return finished === undefined ? exited : `${exited} ${age(finished, now)}`;
}
