/** Image layouts and docker archives, as tools write them and as none would. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type ArchiveReference, parseReference } from '../../src/reference/parse.js';
import { digest, emptyStore } from '../content/fixture.js';
import { writeLayout } from '../harness/layout.js';
import { temporaryDirectory } from '../harness/temporary.js';
import { HOST, type TarMember, tar } from './fixture.js';

export const LAYERS = ['one', 'two', 'one'].map((text) => tar([{ name: text, data: text.repeat(1000) }]));
export const CONFIG = JSON.stringify({
  ...HOST,
  docker_version: '20.10',
  config: { Cmd: ['sh'], Env: null },
  rootfs: { type: 'layers', diff_ids: LAYERS.map(digest) },
  history: [],
});
export const CONFIG_NAME = `${digest(Buffer.from(CONFIG)).slice(7)}.json`;

export async function session(t: TestContext) {
  const store = await emptyStore(t);
  return { store, paths: store.paths };
}

export function archive(text: string): ArchiveReference {
  const ref = parseReference(text);
  return ref.transport === 'docker' ? assert.fail(text) : ref;
}

export function layout(): string {
  const directory = temporaryDirectory();
  writeLayout(directory, [
    { tag: 'latest', layers: LAYERS.map((each) => ({ tar: each })), config: { Cmd: ['sh'] } },
    { tag: 'plain', layers: [{ tar: LAYERS[0] as Buffer, compression: 'none' }] },
    { tag: 'many', layers: [{ tar: LAYERS[0] as Buffer }] },
    { tag: 'many', layers: [{ tar: LAYERS[0] as Buffer }], architecture: 's390x' },
  ]);
  return directory;
}

export function write(bytes: Uint8Array, name = 'image.tar'): string {
  const path = join(temporaryDirectory(), name);
  writeFileSync(path, bytes);
  return path;
}

/** As `docker save` wrote it for years: a repeated layer is a symbolic link. */
export function saved(change: Partial<Record<string, TarMember | undefined>> = {}, images: object[] = [image()]): Buffer {
  const members: Record<string, TarMember | undefined> = {
    directory: { name: 'a/', type: '5' },
    one: { name: 'a/layer.tar', data: LAYERS[0] as Buffer },
    two: { name: './b/layer.tar', data: LAYERS[1] as Buffer },
    three: { name: 'c/layer.tar', type: '2', link: '../a/layer.tar' },
    config: { name: CONFIG_NAME, data: CONFIG },
    manifest: { name: 'manifest.json', data: JSON.stringify(images) },
    ...change,
  };
  return tar(Object.values(members).filter((member) => member !== undefined));
}

export function image(change: object = {}): object {
  return { Config: CONFIG_NAME, RepoTags: ['app:1'], Layers: ['a/layer.tar', 'b/layer.tar', 'c/layer.tar'], ...change };
}
