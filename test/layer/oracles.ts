/** The whole corpus at once: by tsrun, each mode in one process, and by the programs that it is compared with. */
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { UnpackMode } from '../../src/layer/job.js';
import { writeLayout } from '../harness/layout.js';
import type { BatchJob } from './batch.js';
import { asRootHere, fresh, freshDirectory, ids, isRoot, type Seen, type Unpacked } from './harness.js';
import { digestOf } from './tar-builder.js';

export type Tree = Record<string, Seen>;
export type Tool = 'gnu' | 'bsdtar' | 'umoci';

const run = promisify(execFile);
const MOST = { maxBuffer: 2 ** 28 };
const inTests = (name: string) => fileURLToPath(new URL(`./${name}.js`, import.meta.url));

/** As root of a namespace where this is no root. */
async function asRoot(command: string[], cwd = '/'): Promise<string> {
  const [program = '', ...args] = [...asRootHere, ...command];
  return (await run(program, args, { ...MOST, cwd })).stdout;
}

function directories(kind: string, count: number): string[] {
  const parent = freshDirectory(kind);
  const paths = Array.from({ length: count }, (_, index) => join(parent, String(index)));
  for (const path of paths) mkdirSync(path, { mode: 0o755 });
  return paths;
}

async function lookEach(paths: string[]): Promise<Tree[]> {
  return JSON.parse(await asRoot([process.execPath, inTests('look-each'), dirname(paths[0] ?? ''), String(paths.length)]));
}

export interface Blob {
  tar: Buffer;
  /** Default: the tar itself. */
  blob?: Buffer;
  mediaType?: string;
}

/** One after the other in one process; several may be for one target. */
export async function unpackInOneProcess(layers: readonly (Blob & { target: string; mode: UnpackMode })[]): Promise<Unpacked[]> {
  const jobs = layers.map(({ tar, blob = tar, mediaType = 'application/vnd.oci.image.layer.v1.tar', target, mode }): BatchJob => {
    const path = fresh('blob');
    writeFileSync(path, blob);
    return { blob: path, mediaType, size: blob.length, diffId: digestOf(tar) as never, mode, ids, target };
  });
  const list = fresh('jobs');
  writeFileSync(list, JSON.stringify(jobs));
  return JSON.parse(await asRoot([process.execPath, inTests('batch'), list]));
}

/** Each into a root of its own. */
export async function unpackAll(blobs: readonly Blob[], mode: UnpackMode): Promise<(Unpacked & { tree: Tree })[]> {
  const targets = directories(mode, blobs.length);
  const outcomes = await unpackInOneProcess(blobs.map((blob, index) => ({ ...blob, mode, target: targets[index] as string })));
  const trees = await lookEach(targets);
  return outcomes.map((outcome, index) => ({ ...outcome, tree: trees[index] as Tree }));
}

const OWNERS = isRoot ? '--same-owner' : '--no-same-owner';
const COMMANDS: Record<Tool, string> = {
  gnu: `tar -C "$2" --numeric-owner -p ${OWNERS} --xattrs '--xattrs-include=*' -xf "$1/$3.tar"`,
  bsdtar: `bsdtar -C "$2" --numeric-owner -p ${OWNERS} --xattrs -xf "$1/$3.tar"`,
  umoci: `umoci raw unpack --image "$1/layout:c$3" "$2"`,
};

/** What a program makes of each archive, a text where it failed: what it said. umoci gets images, of any number of layers. */
export async function extractAll(tool: Tool, images: readonly (readonly Buffer[])[]): Promise<(Tree | string)[]> {
  const targets = directories(tool, images.length);
  const source = freshDirectory('archives');
  if (tool === 'umoci') {
    const layersOf = (tars: readonly Buffer[]) => tars.map((tar) => ({ tar, compression: 'none' as const }));
    writeLayout(
      join(source, 'layout'),
      images.map((tars, index) => ({ tag: `c${index}`, layers: layersOf(tars) })),
    );
  } else for (const [index, [tar]] of images.entries()) writeFileSync(join(source, `${index}.tar`), tar as Buffer);
  // Missing parents are made under the umask.
  const each = `one() { ${COMMANDS[tool]}; }; umask 022
    i=0; for target in "$@"; do one "$source" "$target" $i >$source/said 2>&1 || mv $source/said $source/$i.failed; i=$((i+1)); done
    cd "$source"; for i in $(ls | sed -n 's/\\.failed$//p'); do echo "$i $(tr '\\n' ' ' <$i.failed)"; done`;
  const failed = await asRoot(['sh', '-c', `source=$1; shift; ${each}`, 'sh', source, ...targets]);
  const reasons = new Map(
    failed
      .split('\n')
      .filter(Boolean)
      .map((line) => [Number.parseInt(line, 10), line] as const),
  );
  const trees = await lookEach(targets);
  return trees.map((tree, index) => reasons.get(index) ?? tree);
}
