/** The image layout that an archive of docker's is as well: there an image has the digests with which it was pulled. */
import { canonicalName } from '../reference/format.js';
import { parseReference } from '../reference/parse.js';
import type { Digest } from '../spec/digest.js';
import type { Descriptor } from '../spec/image.js';
import { MANIFEST_LIMIT } from '../spec/limits.js';
import type { ArchiveFiles } from './archive-files.js';
import type { ImageSource } from './fetch.js';
import { heldBelow } from './held.js';
import { namesOf, readLayout } from './oci-layout.js';
import { verifiedDocument } from './verified.js';

export interface LayoutBeside {
  entries: readonly Descriptor[];
  source: ImageSource;
  /** The entry that leads to an image of this config; of several, one that has one of the names. */
  entryWith(config: Digest, names: readonly string[]): Descriptor | undefined;
}

/** Undefined when there is none. Errors: ERR_TSRUN_ARCHIVE_INVALID, ERR_TSRUN_MANIFEST_INVALID, ERR_TSRUN_BLOB_DIGEST and ERR_TSRUN_BLOB_SIZE of documents. */
export async function layoutBeside(files: ArchiveFiles): Promise<LayoutBeside | undefined> {
  if ((await files.size('oci-layout')) === undefined || (await files.size('index.json')) === undefined) return undefined;
  const { entries, source } = await readLayout(files);
  const leading: { entry: Descriptor; config: unknown }[] = [];
  for (const entry of entries) for (const config of await configsBelow(source, entry)) leading.push({ entry, config });
  return {
    entries,
    source,
    entryWith(config, names) {
      const matches = leading.filter((each) => each.config === config).map(({ entry }) => entry);
      return matches.find((entry) => namesOf(entry).some((name) => names.some((other) => meansSame(name, other)))) ?? matches[0];
    },
  };
}

/** What is no manifest has none, and is refused when it is asked for. */
async function configsBelow(source: ImageSource, entry: Descriptor): Promise<unknown[]> {
  const configs: unknown[] = [];
  for (const descriptor of (await heldBelow(source, entry)).manifests) {
    const bytes = await verifiedDocument(source.document(descriptor), descriptor, MANIFEST_LIMIT);
    configs.push(configIn(bytes.toString('utf8')));
  }
  return configs;
}

function configIn(text: string): unknown {
  try {
    return (JSON.parse(text) as { config?: { digest?: unknown } } | null)?.config?.digest;
  } catch {
    return undefined;
  }
}

/** `alpine` and `docker.io/library/alpine:latest`; skopeo writes tags without a registry as they are. */
export function meansSame(tag: string, ref: string): boolean {
  try {
    return tag === ref || canonicalName(parseReference(tag)) === canonicalName(parseReference(ref));
  } catch {
    return false;
  }
}
