/** All images of an archive, and what each is to be called: what `load` takes. The names are the archive's word, and are checked as a user's are. */
import { canonicalName } from '../reference/format.js';
import { namesRegistry } from '../reference/name.js';
import { parseReference } from '../reference/parse.js';
import type { Descriptor, Platform } from '../spec/image.js';
import type { ArchiveFiles } from './archive-files.js';
import { openDirectoryImage } from './directory-image.js';
import { openSavedImage, type SavedImage, savedImages } from './docker-archive.js';
import { type LayoutBeside, layoutBeside } from './layout-beside.js';
import { tagOf } from './layout-index.js';
import { type ArchivedImage, CONTAINERD_NAME, oneImage, REF_NAME } from './oci-layout.js';
import { archiveInvalid } from './tar-index.js';

export interface NamedImage extends ArchivedImage {
  /** canonical; may be none */
  names: string[];
}

/** Each image once. Errors: ERR_TSRUN_ARCHIVE_INVALID, ERR_TSRUN_CONFIG_INVALID, ERR_TSRUN_MANIFEST_INVALID, ERR_TSRUN_PLATFORM_MISSING. */
export async function listArchive(files: ArchiveFiles, platform: Platform | undefined): Promise<NamedImage[]> {
  const layout = await layoutBeside(files);
  const isDockers = (await files.size('manifest.json')) !== undefined;
  if (layout === undefined && !isDockers) throw archiveInvalid(files.path, 'it has neither a manifest.json nor an image layout');
  const found = new Found();
  for (const image of layout === undefined ? [] : namedEntries(layout, files.path, platform)) found.add(image);
  if (isDockers && found.isEmpty && (await files.size('version')) !== undefined)
    found.add({ ...(await openDirectoryImage(files)), names: [] });
  else if (isDockers) for (const image of await savedImages(files)) await addSaved(found, files, image, layout);
  if (found.isEmpty) throw archiveInvalid(files.path, 'it holds no image');
  return found.images;
}

class Found {
  readonly #images = new Map<string, NamedImage>();
  readonly #named = new Map<string, NamedImage>();

  get images(): NamedImage[] {
    return [...this.#images.values()];
  }

  get isEmpty(): boolean {
    return this.#images.size === 0;
  }

  named(name: string): NamedImage | undefined {
    return this.#named.get(name);
  }

  add(image: NamedImage): void {
    const known = this.#images.get(image.target.digest) ?? { ...image, names: [] };
    known.names.push(...image.names.filter((name) => !this.#named.has(name)));
    this.#images.set(image.target.digest, known);
    for (const name of image.names) this.#named.set(name, known);
  }
}

/** The entries of one name are one image, for several platforms; those without a name are as many images. */
function namedEntries({ entries, source }: LayoutBeside, path: string, platform: Platform | undefined): NamedImage[] {
  const byName = new Map<string | undefined, Descriptor[]>();
  for (const entry of entries) byName.set(nameOf(entry), [...(byName.get(nameOf(entry)) ?? []), entry]);
  return [...byName].flatMap(([name, named]) => {
    if (name === undefined) return named.map((target) => ({ target, source, names: [] }));
    const target = oneImage(named, path, platform);
    if (target === undefined) throw archiveInvalid(path, `it calls several images ${name}`);
    return [{ target, source, names: [name] }];
  });
}

/** A word alone, or a name without a registry, is podman's `localhost/…`: only docker's own annotation means docker's registry. */
function nameOf({ annotations = {} }: Descriptor): string | undefined {
  const { [CONTAINERD_NAME]: whole, [REF_NAME]: word } = annotations;
  const text = whole ?? (word === undefined || namesRegistry(word) ? word : `localhost/${word}`);
  try {
    return text === undefined ? undefined : tagOf(text);
  } catch {
    return undefined;
  }
}

/** manifest.json beside a layout says the same once more. Where the two disagree, readers would load different images under one name. */
async function addSaved(found: Found, files: ArchiveFiles, image: SavedImage, layout: LayoutBeside | undefined): Promise<void> {
  const names = (image.RepoTags ?? []).map((tag) => savedName(tag, files.path));
  const opened = await openSavedImage(files, image, layout, undefined);
  for (const name of names) {
    const other = found.named(name);
    const isSame = [other?.target, ...(layout?.entries ?? []).filter((entry) => nameOf(entry) === name)].some(
      (each) => each?.digest === opened.target.digest,
    );
    if (other !== undefined && !isSame) throw archiveInvalid(files.path, `its manifest.json and its index.json disagree about ${name}`);
  }
  found.add({ ...opened, names });
}

function savedName(tag: string, path: string): string {
  try {
    const ref = parseReference(tag);
    if (ref.transport === 'docker' && ref.digest === undefined) return canonicalName(ref);
  } catch {
    // told below, without the archive's own words
  }
  throw archiveInvalid(path, `it calls an image ${JSON.stringify(tag.slice(0, 100))}, which is no name`);
}
