/** A store as it lies on disk: what is half-made, what is broken. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Sandbox } from '../../harness/tsrun.js';

/** Paths, relative to the store, of what a process that is gone may have left: empty after any command that went well. */
export function halfMade(place: Sandbox): string[] {
  const passing = (name: string) => /^(?:blob|lease|layer)-/.test(name);
  return [
    ...names(place, 'ingest'),
    ...names(place, 'locks').filter((path) => passing(path.slice('locks/'.length))),
    ...names(place, 'layers').flatMap((owners) => names(place, owners).filter((path) => path.includes('/new-'))),
    ...names(place, 'transient'),
    ...names(place, 'trash'),
  ];
}

/** Blobs whose contents are not what their name says. */
export function wrongBlobs(place: Sandbox): string[] {
  const digest = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');
  return names(place, 'image/blobs/sha256').filter((path) => !path.endsWith(digest(join(place.root, 'v1', path))));
}

/** Unpacked layers, by the names under which they are used. */
export function layersOf(place: Sandbox): string[] {
  return names(place, 'layers').flatMap((owners) => names(place, owners).filter((path) => !path.includes('/new-')));
}

export function references(place: Sandbox): string[] {
  return names(place, 'refs');
}

function names(place: Sandbox, folder: string): string[] {
  const path = join(place.root, 'v1', folder);
  return existsSync(path) ? readdirSync(path).map((name) => `${folder}/${name}`) : [];
}
