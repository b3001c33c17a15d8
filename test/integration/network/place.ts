/** What the tests of the network share: a world with its own routes, and a place of tsrun's in it. */
import assert from 'node:assert/strict';
import { inCheckout } from '../../harness/checkout.js';
import type { Identity } from '../../harness/identity.js';
import { busyboxImage } from '../../harness/images.js';
import { networkWorld, type World, type WorldOptions } from '../../harness/network-world.js';
import type { CommandOptions, Finished, Running } from '../../harness/process.js';
import { withinReach } from '../../harness/reach.js';
import { type Sandbox, sandbox } from '../../harness/tsrun.js';
import { describeIn } from '../run/place.js';

export interface NetworkPlace extends AsyncDisposable {
  readonly who: Identity;
  readonly world: World;
  readonly box: Sandbox;
  readonly image: string;
  /** peer.c, for the host and, mounted, for containers. */
  readonly peer: string;
  /** What the first run said. */
  readonly notes: string;
  /** `tsrun run --rm FLAGS IMAGE sh -c SCRIPT`: what it printed; it must exit 0 and say nothing else. */
  sh(script: string, flags?: readonly string[]): Promise<string>;
  run(flags: readonly string[], command?: readonly string[]): Promise<Finished>;
  /** A container that answers at port 80, TCP and UDP. */
  server(flags: readonly string[]): Promise<Running>;
  /** Speaks from the host. */
  send(protocol: 'tcp' | 'udp', address: string, port: number, text?: string): Promise<string>;
}

async function networkPlace(who: Identity, options?: WorldOptions): Promise<NetworkPlace> {
  const { reference: image } = await busyboxImage();
  const peer = await peerProgram();
  const world = await networkWorld(options);
  const outer = sandbox(who);
  const box = world.inside(outer);
  const first = await box.tsrun(['run', '--rm', image, 'true']);
  assert.equal(first.code, 0, first.stderr);
  const run = (flags: readonly string[], command: readonly string[] = ['true'], more?: CommandOptions) =>
    box.tsrun(['run', '--rm', '-v', `${peer}:/peer:ro`, ...flags, image, ...command], more);
  return {
    who,
    world,
    box,
    image,
    peer,
    notes: first.stderr,
    run,
    sh: async (script, flags = []) => {
      const { code, stdout, stderr } = await run(flags, ['sh', '-c', script]);
      assert.deepEqual({ code, stderr }, { code: 0, stderr: '' }, stdout);
      return stdout;
    },
    server: async (flags) => {
      const running = box.start(['run', '--rm', '-v', `${peer}:/peer:ro`, ...flags, image, '/peer', 'echo', '80'], { timeoutMs: 120_000 });
      await running.waitFor(/ready/);
      return running;
    },
    send: async (protocol, address, port, text = 'hello') => {
      const { code, stdout } = await box.command([peer, 'send', protocol, address, String(port)], { input: text }).finished;
      return code === 0 ? stdout : stdout.trim();
    },
    [Symbol.asyncDispose]: async () => {
      await world[Symbol.asyncDispose]();
      await outer[Symbol.asyncDispose]();
    },
  };
}

let peer: Promise<string> | undefined;

function peerProgram(): Promise<string> {
  peer ??= (async () => {
    const native: typeof import('../../../scripts/native.mjs') = await import(inCheckout('scripts/native.mjs'));
    const source = inCheckout('test/integration/network/peer.c');
    const output = inCheckout('build/harness/peer');
    if (native.isStale(output, [source])) await native.compile({ sources: [source], output });
    return withinReach(output);
  })();
  return peer;
}

/** Ends a container as `kill` does, and waits. */
export async function end(running: Running): Promise<void> {
  running.child.kill('SIGTERM');
  await running.finished;
}

const NEEDS_ROOT = process.getuid?.() === 0 ? false : 'only root can make a network for a test';

/** Tests of one identity that share a place; nothing may be left in it when they are through. */
export function describeNetwork(who: Identity, what: string, tests: (where: () => NetworkPlace) => void, options?: WorldOptions): void {
  describeIn(who, what, () => networkPlace(who, options), tests, { unavailable: NEEDS_ROOT });
}
