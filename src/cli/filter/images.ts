/** docker's filters on images. Pure. */
import { TsrunError } from '../../errors.js';
import type { ImageSummary } from '../../index.js';
import { type ImageRow, splitName } from '../listing/images.js';
import { shownName } from '../shown-name.js';
import { badFilter, type Choice, chooser, type Filters, labelRule, type Rule } from './filter.js';
import { globMatches } from './glob.js';

export const IMAGE_FILTERS = 'reference, dangling, label, before or since';

/** @throws ERR_TSRUN_USAGE, and ERR_TSRUN_IMAGE_NOT_FOUND for `before` and `since` */
export function imageFilter(filters: Filters, images: readonly ImageSummary[]): Choice<ImageRow> {
  return chooser<ImageRow>(filters, {
    reference: (values) => (row) => values.some((value) => matchesReference(row, value)),
    dangling: danglingRule,
    label: labelRule(({ image }) => image.labels),
    before: timeRule('before', images, (time, other) => time < other),
    since: timeRule('since', images, (time, other) => time > other),
  });
}

/** A repository, or a repository and a tag; `*` and `?` match within the parts of a name (reference.FamiliarMatch). */
export function matchesReference({ repository, tag }: ImageRow, pattern: string): boolean {
  const shown = shownName(pattern);
  return globMatches(shown, repository) || globMatches(shown, `${repository}:${tag}`);
}

const danglingRule: Rule<ImageRow> = (values) => {
  const wanted = values.map((value) => {
    if (!/^(true|false|1|0|t|f|T|F|TRUE|FALSE|True|False)$/.test(value)) throw badFilter('dangling', value, 'it is true or false');
    return /^[1tT]/.test(value);
  });
  return ({ image }) => wanted.every((dangling) => dangling === (image.names.length === 0));
};

function timeRule(key: string, images: readonly ImageSummary[], holds: (time: number, other: number) => boolean): Rule<ImageRow> {
  return (values) => {
    if (values.length > 1) throw badFilter(key, values[1] ?? '', 'it can be given once');
    const others = values.map((value) => Date.parse(findImage(images, value).created ?? ''));
    return ({ image }) => others.every((other) => holds(Date.parse(image.created ?? ''), other));
  };
}

function findImage(images: readonly ImageSummary[], text: string): ImageSummary {
  const { repository, tag } = splitName(shownName(text));
  const wanted = text.includes('@') ? shownName(text) : `${repository}:${tag === '<none>' ? 'latest' : tag}`;
  const digits = text.replace(/^sha256:/, '');
  const found =
    images.find(({ names }) => names.some((name) => shownName(name) === wanted)) ??
    images.find(({ id }) => /^[0-9a-f]{4,}$/.test(digits) && id.startsWith(`sha256:${digits}`));
  if (found) return found;
  throw new TsrunError('ERR_TSRUN_IMAGE_NOT_FOUND', `no image ${text} in the store`, {
    subject: text,
    hint: 'list them with: tsrun images',
  });
}
