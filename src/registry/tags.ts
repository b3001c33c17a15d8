/** The tags of a repository (distribution-spec, "Listing Tags"): page by page, by the links that the registry gives. */
import { TsrunError } from '../errors.js';
import { familiarRepository } from '../reference/format.js';
import { isTag } from '../reference/name.js';
import type { RegistryReference } from '../reference/parse.js';
import { parseJson, property, readSmall } from './body.js';
import { type HttpResponse, headersOf, type Tuning } from './http.js';

/** Of one page; a registry may give fewer. */
const AT_ONCE = 1000;
const PAGE_LIMIT = 4 * 1024 * 1024;
/** A registry whose pages have no end is not followed for ever. */
const PAGES = 10_000;

/**
 * In the registry's order, which is that of the alphabet. What could not be a tag is left out: nobody could ask for it.
 * @param ask answers 200, or throws
 */
export async function readTags(
  ask: (path: string | URL) => Promise<HttpResponse>,
  ref: RegistryReference,
  tuning: Tuning,
): Promise<string[]> {
  const tags = new Set<string>();
  const seen = new Set<string>();
  let next: string | URL | undefined = `tags/list?n=${AT_ONCE}`;
  for (let page = 0; next !== undefined && page < PAGES; page++) {
    const response: HttpResponse = await ask(next);
    for (const tag of tagsIn(await readSmall(response, PAGE_LIMIT, tuning.smallBody), ref)) if (isTag(tag)) tags.add(tag);
    next = nextOf(response);
    if (next !== undefined && seen.size === seen.add(next.href).size) break;
  }
  return [...tags];
}

function tagsIn(bytes: Buffer, ref: RegistryReference): string[] {
  const tags = property(parseJson(bytes), 'tags');
  // A repository without tags: null, of registries written in Go.
  if (tags === null) return [];
  if (!Array.isArray(tags))
    throw new TsrunError(
      'ERR_TSRUN_REGISTRY_FAILED',
      `${ref.registry} lists no tags of ${familiarRepository(ref)}: its answer is no list`,
      {
        subject: familiarRepository(ref),
        hint: 'ask those who run the registry',
      },
    );
  return tags.filter((tag) => typeof tag === 'string');
}

/** RFC 8288. Another origin is never followed: credentials and trust are for this one. */
function nextOf(response: HttpResponse): URL | undefined {
  const links = headersOf(response, 'link').flatMap((header) => [...header.matchAll(/<([^>]*)>((?:\s*;[^,<]*)*)/g)]);
  const target = links.find(([, , parameters = '']) => /;\s*rel\s*=\s*"?next"?\s*(;|$)/i.test(parameters))?.[1];
  if (target === undefined || !URL.canParse(target, response.url.href)) return undefined;
  const url = new URL(target, response.url);
  return url.origin === response.url.origin ? url : undefined;
}
