/** `ps`: docker's fields of a container. */
import type { ContainerSummary } from '../../index.js';
import { shownName } from '../shown-name.js';
import { goQuote } from '../template/print.js';
import { age, humanSize, shortId } from '../units.js';
import { type Listing, labelList } from './listing.js';
import { displayedPorts } from './ports.js';
import { ellipsis } from './shorten.js';
import { stateOf, statusWords } from './status.js';
import { goTime } from './time.js';

const COMMAND_WIDTH = 20;
const MOUNT_WIDTH = 15;
/** What docker prints where it does not know. */
const UNKNOWN = 'N/A';

const COLUMNS = ['ID', 'Image', 'Command', 'RunningFor', 'Status', 'Ports', 'Names'];
/** With `--size`. */
export const SIZE_COLUMNS = [...COLUMNS, 'Size'];

export const CONTAINERS: Listing<ContainerSummary> = {
  columns: COLUMNS,
  quiet: 'ID',
  labels: ({ labels }) => labels ?? {},
  raw: `container_id: {{.ID}}
image: {{.Image}}
command: {{.Command}}
created_at: {{.CreatedAt}}
state: {{- pad .State 1 0}}
status: {{- pad .Status 1 0}}
names: {{.Names}}
labels: {{- pad .Labels 1 0}}
ports: {{- pad .Ports 1 0}}
`,
  fields: {
    ID: { head: 'CONTAINER ID', text: ({ id }, { noTrunc }) => (noTrunc ? id : shortId(id)) },
    Names: { head: 'NAMES', text: ({ name }) => name },
    Image: { head: 'IMAGE', text: ({ image }) => (image === '' ? '<no image>' : shownName(image)) },
    Command: {
      head: 'COMMAND',
      text: ({ command }, { noTrunc }) => {
        const line = commandLine(command);
        return goQuote(noTrunc ? line : ellipsis(line, COMMAND_WIDTH));
      },
    },
    CreatedAt: { head: 'CREATED AT', text: ({ created }) => goTime(created) ?? UNKNOWN },
    RunningFor: { head: 'CREATED', text: ({ created }, { now }) => age(created, now) },
    Ports: { head: 'PORTS', text: ({ ports }) => displayedPorts(ports) },
    State: { head: 'STATE', text: stateOf },
    Status: { head: 'STATUS', text: (container, { now }) => statusWords(container, now) },
    Size: { head: 'SIZE', text: ({ size }) => (size === undefined ? UNKNOWN : sizeWords(size)) },
    Labels: { head: 'LABELS', text: ({ labels }) => labelList(labels) },
    Mounts: {
      head: 'MOUNTS',
      text: ({ mounts = [] }, { noTrunc }) =>
        mounts.map(({ name, source }) => (noTrunc ? (name ?? source) : ellipsis(name ?? source, MOUNT_WIDTH))).join(','),
    },
    LocalVolumes: { head: 'LOCAL VOLUMES', text: ({ mounts = [] }) => String(mounts.filter(({ type }) => type === 'volume').length) },
    Networks: { head: 'NETWORKS', text: ({ networks = [] }) => networks.join(',') },
  },
};

/** As docker joins the words: those with a blank are quoted (moby, daemon/list.go). */
export function commandLine(words: readonly string[]): string {
  return words.map((word, index) => (index > 0 && word.includes(' ') ? `'${word}'` : word)).join(' ');
}

function sizeWords({ written, image }: { written: number; image: number }): string {
  return image === 0 ? humanSize(written) : `${humanSize(written)} (virtual ${humanSize(written + image)})`;
}
