/** Which of an image's sources is asked next: the one that served comes first, those that are away last, those that lied not at all. Pure. */
import type { TsrunError } from '../errors.js';
import type { Source } from './config/sources.js';

export interface Route {
  /** All sources, best first; for a blob without those whose bytes of it were wrong. Never empty. */
  order(digest?: string): Source[];
  served(source: Source): void;
  failed(source: Source, error: TsrunError): void;
  /** The blob's next bytes are this source's. */
  takes(digest: string, source: Source): void;
  /** The blob was not what its digest says: whose bytes are not taken again, and who is next. */
  distrust(digest: string): { refused?: Source | undefined; next?: Source | undefined };
}

/** Failures of a source as such, not of one thing that it does not have. */
const AWAY: readonly string[] = ['ERR_TSRUN_REGISTRY_UNREACHABLE', 'ERR_TSRUN_REGISTRY_TLS', 'ERR_TSRUN_REGISTRY_FAILED'];

export function createRoute(sources: readonly Source[]): Route {
  let first: Source | undefined;
  const away = new Set<Source>();
  const wrong = new Map<string, Set<Source>>();
  const takers = new Map<string, Source[]>();

  function order(digest?: string): Source[] {
    const refused = (digest === undefined ? undefined : wrong.get(digest)) ?? new Set();
    const left = sources.filter((source) => !refused.has(source));
    const rank = (source: Source) => (source === first ? 0 : away.has(source) ? 2 : 1);
    return (left.length === 0 ? [...sources] : left).sort((a, b) => rank(a) - rank(b));
  }

  return {
    order,
    served: (source) => {
      first = source;
      away.delete(source);
    },
    failed: (source, { code }) => {
      if (!AWAY.includes(code)) return;
      away.add(source);
      if (first === source) first = undefined;
    },
    takes: (digest, source) => {
      const before = takers.get(digest) ?? [];
      if (!before.includes(source)) takers.set(digest, [...before, source]);
    },
    distrust: (digest) => {
      // Several may have given a part of it: the first that began is the first to be suspected
      const [refused] = takers.get(digest) ?? [];
      takers.delete(digest);
      if (refused === undefined) return {};
      const all = (wrong.get(digest) ?? new Set()).add(refused);
      wrong.set(digest, all);
      return { refused, next: all.size < sources.length ? order(digest)[0] : undefined };
    },
  };
}
