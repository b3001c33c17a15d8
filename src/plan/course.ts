/** From the moment that its process is there to its end, for whoever runs a container: streams, status, signals, events. Pure. */

import type { Process, RuntimeSpec } from '../spec/runtime.js';
import type { ContainerInput } from './container.js';
import { tellEnded, tellStarted } from './events.js';
import { O_PATH_DIRECTORY } from './numbers.js';
import type { Operation } from './operations.js';
import { KILL_UNHANDLED, ONLY_ASKED, SECOND_TERM_IS_LAST } from './process.js';
import type { ContainerSettings } from './settings.js';
import { slot } from './slot.js';
import { ended, RUNNER, RUNNING, stopFile, writeStatus } from './status.js';
import { type Caller, isAttended, MEET_ONCE, type StreamOptions } from './streams.js';

/** Who is there while it runs. */
export interface Manner {
  /** Its caller is one of those who attach. */
  attended: boolean;
  /** Nobody sees it through. */
  alone: boolean;
  /** What it prints is kept, and others may attach. */
  recorded: boolean;
}

export function mannerOf(input: ContainerInput, caller: Caller | undefined): Manner {
  const attended = isAttendedStart(input, caller);
  const alone = caller === undefined || caller.feeds === true;
  return { attended, alone, recorded: alone || attended || !input.settings.rm };
}

export function isAttendedStart({ spec, settings }: ContainerInput, caller: Caller | undefined): caller is Caller {
  return isAttended(caller, spec.process?.terminal ?? false, settings.interactive);
}

/** @param hostUid its user, as the host counts */
export function streamsOf(
  { spec, settings }: ContainerInput,
  { attended, alone, recorded }: Manner,
  caller: Caller | undefined,
  hostUid: number | undefined,
): StreamOptions {
  const { terminal, user } = processOf(spec);
  return {
    terminal: terminal ?? false,
    interactive: settings.interactive,
    ...(caller ? { callers: caller.streams } : {}),
    recorded,
    attended,
    feeds: alone && attended,
    repeated: settings.restart.name !== 'no',
    uid: user.uid,
    gid: user.gid,
    hostUid,
  };
}

interface Course {
  caller: Caller | undefined;
  /** Streams, and what else must be there when it begins. */
  connect: readonly Operation[];
  published?: readonly Record<string, unknown>[];
  /** Once it has begun. */
  release?: readonly Operation[];
  checks?: readonly Operation[];
}

export function course(
  input: ContainerInput,
  { attended, alone }: Manner,
  { caller, connect, published = [], release = [], checks = [] }: Course,
): Operation[] {
  const { settings } = input;
  return [
    ['stage', 'connect'],
    ...connect,
    ...pidfile(settings),
    ['await-exec', 'child'],
    ['stage', 'run'],
    // From here on nothing may fail: the command has begun, and what it does must not be lost.
    ['attempt', [writeStatus(input, { ...RUNNING, ...(published.length > 0 ? { ports: published } : {}) })]],
    tellStarted(input),
    ...release,
    ['started', 'child'],
    ...(caller === undefined || attended ? ([['notify', 'caller', 'started']] satisfies Operation[]) : []),
    ['forward-signals', 'child', (alone ? KILL_UNHANDLED : KILL_UNHANDLED | SECOND_TERM_IS_LAST) | (input.ownSignals ? ONLY_ASKED : 0)],
    ...timeLimit(settings),
    ...checks,
    ['wait', 'child'],
    tellEnded(input),
    ['stage', 'stopped'],
  ];
}

/** @param run one course of it */
export function fromFirstToLast(input: ContainerInput, { attended, recorded }: Manner, run: Operation[]): Operation[] {
  const { settings } = input;
  return [
    ...(recorded ? recording(input) : []),
    ...(attended && settings.restart.name !== 'no' ? MEET_ONCE : []),
    ...repeated(input, run),
    ...(settings.rm ? [] : ([['attempt', [writeStatus(input, { status: 'stopped', ...ended(settings) })]]] satisfies Operation[])),
  ];
}

/** timeout(1)'s, for whoever waits. */
const TIMED_OUT = 124;

function timeLimit({ timeout = 0 }: ContainerSettings): Operation[] {
  const words = `the container was killed: it ran for longer than ${timeout} s (--timeout)`;
  return timeout > 0 ? [['time-limit', timeout, TIMED_OUT, words]] : [];
}

function pidfile({ pidfile: path }: ContainerSettings): Operation[] {
  if (path === undefined) return [];
  return [
    ['replace-file', path, 0o644, slot('pid')],
    ['on-exit', 1, [['remove', path]]],
  ];
}

/**
 * The log, and the directory of the socket through which others attach. A run that its caller sees through and that leaves nothing has
 * neither: its streams go the shortest way.
 */
function recording({ settings, containerDir, runDir, fresh }: ContainerInput): Operation[] {
  return [
    ...(settings.log.driver === 'none'
      ? []
      : ([['log', `${containerDir}/log`, settings.log.maxSize, settings.log.maxFiles]] satisfies Operation[])),
    ...(fresh ? [] : ([['remove-tree', runDir]] satisfies Operation[])), // of a runner that was killed
    ['mkdir', runDir, 0o700],
    ['on-exit', 0, [['remove-tree', runDir]]],
    ['open', runDir, O_PATH_DIRECTORY, 'run-dir'],
  ];
}

const WHEN = { no: 0, 'on-failure': 1, always: 2, 'unless-stopped': 2 } as const;

function repeated(input: ContainerInput, run: Operation[]): Operation[] {
  const { name, retries } = input.settings.restart;
  if (name === 'no') return run;
  return [
    ['on-exit', 1, [writeStatus(input, { status: 'stopped', ...ended(input.settings) })]],
    [
      'repeat',
      WHEN[name],
      retries,
      stopFile(input.containerDir),
      run,
      [['attempt', [writeStatus(input, { status: 'restarting', ...RUNNER, ...ended(input.settings) })]]],
    ],
  ];
}

export function processOf(spec: RuntimeSpec): Process {
  if (spec.process === undefined) throw new TypeError('a runtime spec without a process cannot be run');
  return spec.process;
}
