/** `tsrun images`, as docker prints it. */
import type { ImageSummary } from '../index.js';
import { shownName } from './shown-name.js';
import { table } from './table.js';
import { age, humanSize, shortId } from './units.js';

export interface ImageRow {
  image: ImageSummary;
  repository: string;
  tag: string;
}

/** One row per name, or one without a name; `filter` is `repository` or `repository:tag`. */
export function imageRows(images: readonly ImageSummary[], filter?: string): ImageRow[] {
  const rows = images.flatMap((image) =>
    (image.names.length === 0 ? [''] : image.names).map((name) => ({ image, ...splitName(shownName(name)) })),
  );
  if (filter === undefined) return rows;
  const wanted = splitName(shownName(filter));
  return rows.filter((row) => row.repository === wanted.repository && (wanted.tag === NONE || row.tag === wanted.tag));
}

export function imageTable(
  rows: readonly ImageRow[],
  options: { quiet?: boolean; noTrunc?: boolean; digests?: boolean },
  now = Date.now(),
): string {
  const idOf = (image: ImageSummary) => (options.noTrunc ? image.id : shortId(image.id));
  if (options.quiet) return [...new Set(rows.map((row) => idOf(row.image)))].map((id) => `${id}\n`).join('');
  const withDigest = <T>(digest: T): T[] => (options.digests ? [digest] : []);
  return table(
    ['REPOSITORY', 'TAG', ...withDigest('DIGEST'), 'IMAGE ID', 'CREATED', 'SIZE'],
    rows.map(({ image, repository, tag }) => [
      repository,
      tag,
      ...withDigest(image.digest),
      idOf(image),
      age(image.created, now),
      humanSize(image.size),
    ]),
  );
}

const NONE = '<none>';

function splitName(name: string): { repository: string; tag: string } {
  const [named = ''] = name.split('@');
  const colon = named.indexOf(':', named.lastIndexOf('/') + 1);
  const [repository, tag] = colon < 0 ? [named, ''] : [named.slice(0, colon), named.slice(colon + 1)];
  return { repository: repository || NONE, tag: tag || NONE };
}
