/** `images`: docker's fields of an image, a row for each of its names. */
import type { ImageSummary } from '../../index.js';
import { shownName } from '../shown-name.js';
import { age, humanSize, shortId } from '../units.js';
import type { Listing } from './listing.js';
import { goTime } from './time.js';

export interface ImageRow {
  image: ImageSummary;
  repository: string;
  tag: string;
}

const NONE = '<none>';
const UNKNOWN = 'N/A';

export const IMAGES: Listing<ImageRow> = {
  columns: ['Repository', 'Tag', 'ID', 'CreatedSince', 'Size'],
  quiet: 'ID',
  raw: `repository: {{.Repository}}
tag: {{.Tag}}
image_id: {{.ID}}
created_at: {{.CreatedAt}}
virtual_size: {{.Size}}
`,
  fields: {
    ID: { head: 'IMAGE ID', text: ({ image: { id } }, { noTrunc }) => (noTrunc ? id : shortId(id)) },
    Repository: { head: 'REPOSITORY', text: ({ repository }) => repository },
    Tag: { head: 'TAG', text: ({ tag }) => tag },
    Digest: { head: 'DIGEST', text: ({ image: { digest } }) => digest || NONE },
    CreatedSince: { head: 'CREATED', text: ({ image: { created } }, { now }) => age(created, now) },
    CreatedAt: { head: 'CREATED AT', text: ({ image: { created } }) => goTime(created) ?? UNKNOWN },
    Size: { head: 'SIZE', text: ({ image: { size } }) => humanSize(size) },
    VirtualSize: { head: 'SIZE', text: ({ image: { size } }) => humanSize(size, 4) },
    // docker's own listing does not know these either.
    SharedSize: { head: 'SHARED SIZE', text: () => UNKNOWN },
    UniqueSize: { head: 'UNIQUE SIZE', text: () => UNKNOWN },
    Containers: { head: 'CONTAINERS', text: () => UNKNOWN },
  },
};

/** With `--digests`. */
export const DIGEST_COLUMNS = ['Repository', 'Tag', 'Digest', 'ID', 'CreatedSince', 'Size'];

/** One row per name, or one without a name. */
export function imageRows(images: readonly ImageSummary[]): ImageRow[] {
  return images.flatMap((image) => namesIn(image).map((name) => ({ image, ...splitName(name) })));
}

/** One row per image: `-q` prints an id once. */
export function oncePerImage(rows: readonly ImageRow[]): ImageRow[] {
  return [...new Map(rows.map((row) => [row.image.id, row])).values()];
}

/** With a tag and a digest it is one more reference to what the tag shows already. */
function namesIn({ names }: ImageSummary): string[] {
  return names.length === 0 ? [''] : [...new Set(names.map((name) => shownName(name).replace(/(:[^/:@]+)@.*/, '$1')))];
}

/** docker's `<none>` stands for what a name does not have. */
export function splitName(name: string): { repository: string; tag: string } {
  const [named = ''] = name.split('@');
  const colon = named.indexOf(':', named.lastIndexOf('/') + 1);
  const [repository, tag] = colon < 0 ? [named, ''] : [named.slice(0, colon), named.slice(colon + 1)];
  return { repository: repository || NONE, tag: tag || NONE };
}
