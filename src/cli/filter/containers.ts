/** docker's filters on containers. Pure: what must be looked up comes in. */
import { TsrunError } from '../../errors.js';
import type { ContainerSummary } from '../../index.js';
import { STATES, stateOf } from '../listing/status.js';
import { shownName } from '../shown-name.js';
import { badFilter, type Choice, chooser, type Filters, labelRule, patternRule, type Rule, wordRule } from './filter.js';

export interface ContainerFacts {
  /** All containers, the newest first: what `before` and `since` are looked up in. */
  containers: readonly ContainerSummary[];
  /** Names and ids of the images in the store: what `ancestor` names may have other names. */
  images: readonly { id: string; names: readonly string[] }[];
}

export const CONTAINER_FILTERS = 'id, name, label, status, exited, ancestor, before, since, volume, network or health';

const HEALTH = ['starting', 'healthy', 'unhealthy', 'none'];

/** Filters that choose among those that have ended mean them, also without `-a`. */
export function wantsStopped(filters: Filters): boolean {
  return filters.has('status') || filters.has('exited');
}

/** @throws ERR_TSRUN_USAGE, and ERR_TSRUN_CONTAINER_NOT_FOUND for `before` and `since` */
export function containerFilter(filters: Filters, facts: ContainerFacts): Choice<ContainerSummary> {
  return chooser(filters, {
    id: patternRule('id', ({ id }) => id),
    name: nameRule,
    label: labelRule(({ labels }) => labels),
    status: wordRule('status', STATES, stateOf),
    health: wordRule('health', HEALTH, ({ health }) => health ?? 'none'),
    exited: exitedRule,
    ancestor: (values) => ancestorChoice(values, facts.images),
    before: orderRule('before', facts.containers, (index, other) => index > other),
    since: orderRule('since', facts.containers, (index, other) => index < other),
    volume:
      (values) =>
      ({ mounts = [] }) =>
        mounts.some(({ name, source, destination }) => values.some((value) => [name, source, destination].includes(value))),
    network:
      (values) =>
      ({ networks = [] }) =>
        networks.some((network) => values.includes(network)),
  });
}

/** docker's names begin with a slash, and may be asked for so. */
const nameRule: Rule<ContainerSummary> = (values) =>
  patternRule<ContainerSummary>('name', ({ name }) => name)(values.map((value) => value.replace(/^(\^?)\//, '$1')));

const exitedRule: Rule<ContainerSummary> = (values) => {
  const codes = values.map((value) => {
    if (!/^-?\d{1,9}$/.test(value)) throw badFilter('exited', value, 'it is an exit status');
    return Number(value);
  });
  return (container) => stateOf(container) === 'exited' && container.exitCode !== undefined && codes.includes(container.exitCode);
};

function orderRule(
  key: string,
  containers: readonly ContainerSummary[],
  holds: (index: number, other: number) => boolean,
): Rule<ContainerSummary> {
  return (values) => {
    const others = values.map((value) => indexOf(containers, value));
    if (others.length > 1) throw badFilter(key, values[1] ?? '', 'it can be given once');
    return ({ id }) =>
      others.every((other) =>
        holds(
          containers.findIndex((each) => each.id === id),
          other,
        ),
      );
  };
}

function indexOf(containers: readonly ContainerSummary[], text: string): number {
  const exact = containers.findIndex(({ id, name }) => name === text || id === text);
  const index = exact >= 0 ? exact : containers.findIndex(({ id }) => /^[0-9a-f]+$/.test(text) && id.startsWith(text));
  if (index >= 0) return index;
  throw new TsrunError('ERR_TSRUN_CONTAINER_NOT_FOUND', `no container ${text}`, { subject: text, hint: 'list them with: tsrun ps -a' });
}

/** By the image's name at the time, by what has the name now, or by the beginning of its id. */
function ancestorChoice(values: readonly string[], images: ContainerFacts['images']): Choice<ContainerSummary> {
  const names = new Set(values.map(wholeName));
  const digits = values.map((value) => value.replace(/^sha256:/, '')).filter((value) => /^[0-9a-f]{4,64}$/.test(value));
  const ids = new Set(images.filter((image) => image.names.some((name) => names.has(wholeName(name)))).map(({ id }) => id));
  const byId = (id: string) => ids.has(id) || digits.some((beginning) => id.startsWith(`sha256:${beginning}`));
  return ({ image, imageId }) => names.has(wholeName(image)) || (imageId !== undefined && byId(imageId));
}

/** As docker shows it, with its tag. */
function wholeName(name: string): string {
  const shown = shownName(name.replace(/^docker:\/\//, ''));
  const tagged = shown.includes('@') || shown.indexOf(':', shown.lastIndexOf('/') + 1) >= 0;
  return tagged ? shown : `${shown}:latest`;
}
