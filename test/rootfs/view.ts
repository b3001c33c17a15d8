/** What a running container's root file system shows, seen from outside by the root of its user namespace. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ownNode } from '../harness/nodes.js';
import { type Running, succeed } from '../harness/process.js';
import { temporaryDirectory } from '../harness/temporary.js';
import type { Sandbox } from '../harness/tsrun.js';
import { look, type Seen } from '../layer/look.js';
import { type Maps, mapsOf } from './reference.js';

export interface View {
  /** By path; without what tsrun mounted. Owners as the host counts. */
  tree: Record<string, Seen>;
  /** By path: what tsrun mounted, which hides the image's own. */
  mounted: ReadonlySet<string>;
  maps: Maps;
  /** By a program in user space. */
  isServed: boolean;
}

/** Starts the image's sh, looks while it waits, and ends it. The image must have sh and cat. */
export async function viewOf(place: Sandbox, reference: string, env: Record<string, string> = {}): Promise<View> {
  const running = place.start(['run', '--rm', '-i', reference, 'sh', '-c', 'echo here; exec cat'], {
    input: 'open',
    env,
    timeoutMs: 120_000,
  });
  await running.waitFor(/here/);
  const pid = pidOf(place, running);
  const mounted = mountPoints(pid);
  const maps = mapsOf(pid);
  // What is served from within a user namespace shows itself to nobody outside of it, not even to the host's root.
  const isServed = /^fuse /.test(rootMount(pid));
  const tree = isServed ? await lookFromInside(pid, mounted, maps) : look(`/proc/${pid}/root/.`, (name) => mounted.has(name));
  running.child.stdin?.end();
  const { code, stderr } = await running.finished;
  if (code !== 0) throw new Error(`run ended with ${code}: ${stderr}`);
  return { tree, mounted, maps, isServed };
}

/** The only container of the place. */
function pidOf(place: Sandbox, running: Running): number {
  const transient = join(place.root, 'v1/transient');
  const [id] = readdirSync(transient);
  if (id === undefined) throw new Error(`no container runs: ${running.stderr()}`);
  return Number(JSON.parse(readFileSync(join(transient, id, 'status.json'), 'utf8')).pid);
}

function mountsOf(pid: number): string[] {
  return readFileSync(`/proc/${pid}/mountinfo`, 'utf8').trim().split('\n');
}

function mountPoints(pid: number): Set<string> {
  return new Set(
    mountsOf(pid)
      .map((line) => (line.split(' ')[4] ?? '').slice(1))
      .filter((point) => point !== ''),
  );
}

/** Type, source and options of `/` (proc(5), behind the hyphen). */
function rootMount(pid: number): string {
  return (
    mountsOf(pid)
      .find((line) => line.split(' ')[4] === '/')
      ?.split(' - ')[1] ?? ''
  );
}

/** In the container's user namespace, but in our mounts: the program is ours. Owners come back as the container counts. */
async function lookFromInside(pid: number, mounted: ReadonlySet<string>, maps: Maps): Promise<Record<string, Seen>> {
  const directory = temporaryDirectory();
  const { build } = await import('esbuild');
  const program = join(directory, 'look.mjs');
  const entry = fileURLToPath(new URL('../layer/look.js', import.meta.url));
  await build({ entryPoints: [entry], bundle: true, platform: 'node', format: 'esm', outfile: program, logLevel: 'error' });
  const seen = await succeed(
    ['nsenter', `--user=/proc/${pid}/ns/user`, ownNode().path, program, `/proc/${pid}/root/.`, JSON.stringify([...mounted])],
    { cwd: '/' },
  );
  const tree = Object.entries(JSON.parse(seen) as Record<string, Seen>);
  return Object.fromEntries(tree.map(([name, entry]) => [name, { ...entry, owner: onHost(entry.owner ?? '', maps) }]));
}

function onHost(owner: string, { uid, gid }: Maps): string {
  const ids = owner.split(':').map(Number) as [number, number];
  return [mapped(ids[0], uid), mapped(ids[1], gid)].join(':');
}

function mapped(id: number, map: string): number {
  for (const line of map.trim().split('\n')) {
    const [inside, outside, count] = line.trim().split(/\s+/).map(Number) as [number, number, number];
    if (id >= inside && id < inside + count) return outside + id - inside;
  }
  throw new Error(`${id} is not in the map ${map}`);
}
