/** The native helper as the tests start it: released, with sanitizers, and of the other architecture under an emulator. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import type { FailureRecord } from '../../src/runtime/record.js';
import { parseRecord } from '../../src/runtime/record.js';
import { inCheckout } from '../harness/checkout.js';
import { type CommandOptions, execute, type Finished, type Running, start } from '../harness/process.js';

/** The words that start one of them. */
export type Helper = readonly string[];

export const released: Helper = [inCheckout('native/build/tsrun-helper')];
export const sanitized: Helper = [inCheckout('native/build/asan/tsrun-helper')];

const FOREIGN =
  process.arch === 'arm64' ? { arch: 'x64', emulator: 'qemu-x86_64-static' } : { arch: 'arm64', emulator: 'qemu-aarch64-static' };
export const foreign: Helper = [`/usr/bin/${FOREIGN.emulator}`, inCheckout(`native/build/${FOREIGN.arch}/tsrun-helper`)];

/** Why this one cannot be started here, for `skip`. */
export function missing(helper: Helper): string | false {
  const lacking = helper.find((word) => !existsSync(word));
  return lacking === undefined ? false : `${lacking} is not there: npm test makes it`;
}

/** Every helper of these tests has to end by itself long before. */
const TIMEOUT_MS = 30_000;

/** `check many`: what it says of each plan, in their order; 'valid' is good. */
export async function checkMany(helper: Helper, plans: readonly Uint8Array[]): Promise<string[]> {
  const length = (plan: Uint8Array) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(plan.length);
    return bytes;
  };
  const input = Buffer.concat(plans.flatMap((plan) => [length(plan), plan]));
  const { code, signal, stdout, stderr } = await execute([...helper, 'check', 'many'], { input, timeoutMs: 120_000 });
  assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' });
  const answers = stdout.split('\n').slice(0, -1);
  assert.equal(answers.length, plans.length);
  return answers;
}

export function check(helper: Helper, plan: Uint8Array): Promise<Finished> {
  return execute([...helper, 'check'], { input: plan, timeoutMs: TIMEOUT_MS });
}

export interface Report {
  started?: { id: string; pid: number };
  failed?: FailureRecord;
  /** Exit status. */
  ended?: number;
}

export interface Launched extends Running {
  /** What was reported by the end. */
  reports: Promise<Report>;
  /** Resolves when the container's command runs, and when it ended without that. */
  started: Promise<Report>;
}

/** `execute`, as the library calls it: the plan on descriptor 3, what happens on descriptor 4. */
export function launch(helper: Helper, plan: Uint8Array, options: CommandOptions = {}): Launched {
  const running = start([...helper, 'execute', '3', '4'], { timeoutMs: TIMEOUT_MS, ...options, extraDescriptors: 2 });
  const [sink, source] = [running.child.stdio[3] as Duplex, running.child.stdio[4] as Duplex];
  sink.on('error', () => {}); // a helper that ends early does not read it all
  sink.end(plan);
  source.on('error', () => {});
  const report: Report = {};
  let pending = Buffer.alloc(0);
  const started = new Promise<Report>((done) => {
    source.on('data', (bytes: Buffer) => {
      pending = Buffer.concat([pending, bytes]);
      while (pending.length >= 4 && pending.length >= 4 + pending.readUInt32LE()) {
        note(report, pending.subarray(4, 4 + pending.readUInt32LE()));
        pending = pending.subarray(4 + pending.readUInt32LE());
        if (report.started) done(report);
      }
    });
    running.finished.finally(() => done(report)).catch(() => {});
  });
  return { ...running, started, reports: running.finished.then(() => report) };
}

function note(report: Report, frame: Buffer): void {
  const [kind, ...fields] = frame.toString('utf8').split('\0');
  if (kind === 'started') report.started = { id: fields[0] ?? '', pid: Number(fields[1]) };
  if (kind === 'failed') report.failed = parseRecord(frame.subarray('failed\0'.length));
  if (kind === 'ended') report.ended = Number(fields[0]);
}
