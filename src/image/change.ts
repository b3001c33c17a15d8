/** `--change` of commit and import: the instructions that docker takes there, applied to an image's config as docker's builder does it. Pure. */
import { posix } from 'node:path';
import { parseSignal } from '../container/parse-settings.js';
import { asTsrunError } from '../errors.js';
import { parseExpose } from '../network/ports.js';
import { parseDuration } from '../spec/duration.js';
import type { ContainerConfig, ImageHealthcheck } from '../spec/image.js';
import { type Instruction, listOf, parseInstruction, processWord, splitWords, wrong } from './instruction.js';

/** As far as it is changed; docker's OnBuild is no part of the image-spec. */
export type Changeable = ContainerConfig & { OnBuild?: string[] | null };

interface Changing {
  readonly config: Changeable;
  /** CMD was among the changes. */
  readonly hasCmd: boolean;
}

type Change = (instruction: Instruction, changing: Changing) => Changeable;

const CHANGES: Readonly<Record<string, Change>> = {
  CMD: (instruction, { config }) => ({ ...config, Cmd: commandOf(instruction, config) }),
  ENTRYPOINT: (instruction, { config, hasCmd }) => ({
    ...config,
    Entrypoint: commandOf(instruction, config),
    // What was to be its arguments was another program's (docker).
    ...(hasCmd ? {} : { Cmd: null }),
  }),
  ENV: (instruction, { config }) => ({ ...config, Env: withVariables(config, pairsOf(instruction, config)) }),
  EXPOSE: (instruction, { config }) => ({ ...config, ExposedPorts: { ...config.ExposedPorts, ...portsOf(instruction, config) } }),
  HEALTHCHECK: (instruction, { config }) => ({ ...config, Healthcheck: healthcheckOf(instruction, config) }),
  LABEL: (instruction, { config }) => ({
    ...config,
    Labels: record([...Object.entries(config.Labels ?? {}), ...pairsOf(instruction, config)]),
  }),
  ONBUILD: (instruction, { config }) => ({ ...config, OnBuild: [...(config.OnBuild ?? []), triggerOf(instruction)] }),
  STOPSIGNAL: (instruction, { config }) => ({ ...config, StopSignal: signalOf(instruction, config) }),
  USER: (instruction, { config }) => ({ ...config, User: only(instruction, config) }),
  VOLUME: (instruction, { config }) => ({ ...config, Volumes: { ...config.Volumes, ...volumesOf(instruction, config) } }),
  WORKDIR: (instruction, { config }) => ({ ...config, WorkingDir: workdirOf(instruction, config) }),
};

/** In their order, each on what those before made of it. @throws ERR_TSRUN_USAGE */
export function applyChanges(config: Changeable, changes: readonly string[]): Changeable {
  let changing: Changing = { config, hasCmd: false };
  for (const text of changes) {
    const instruction = parseInstruction(text);
    const change = Object.hasOwn(CHANGES, instruction.name) ? CHANGES[instruction.name] : undefined;
    if (change === undefined)
      throw wrong(text, `${instruction.name} changes files, or nothing: only ${Object.keys(CHANGES).join(', ')} can be given`);
    if (instruction.rest === '') throw wrong(text, `${instruction.name} has no value`);
    changing = { config: change(instruction, changing), hasCmd: changing.hasCmd || instruction.name === 'CMD' };
  }
  return changing.config;
}

/** A key such as __proto__ is one like others. */
function record<T>(entries: Iterable<readonly [string, T]>): Record<string, T> {
  return Object.fromEntries(new Map(entries));
}

function variablesOf({ Env = [] }: Changeable): Map<string, string> {
  return new Map(Env.map((text) => [text.split('=', 1)[0] ?? '', text.slice(text.indexOf('=') + 1)]));
}

/** A list as it stands, any other text for the shell. */
function commandOf({ rest }: Instruction, { Shell }: Changeable): string[] {
  return listOf(rest) ?? [...(Shell?.length ? Shell : ['/bin/sh', '-c']), rest];
}

function wordsOf(instruction: Instruction, config: Changeable): string[] {
  const env = variablesOf(config);
  return splitWords(instruction).map((word) => processWord(word, env, instruction.text));
}

function only(instruction: Instruction, config: Changeable): string {
  const [word, ...more] = wordsOf(instruction, config);
  if (word === undefined || word === '' || more.length > 0) throw wrong(instruction.text, `${instruction.name} takes one word`);
  return word;
}

/** `NAME=VALUE …`, or the old `NAME VALUE` with blanks in it. */
function pairsOf(instruction: Instruction, config: Changeable): [string, string][] {
  const { rest, text, name: verb } = instruction;
  const env = variablesOf(config);
  const words = splitWords(instruction);
  if (!words[0]?.includes('=')) {
    const [, name = '', value = ''] = /^(\S+)\s+(.+)$/s.exec(rest) ?? [];
    if (name === '') throw wrong(text, `${verb} takes NAME=VALUE`);
    return [[processWord(name, env, text), processWord(value, env, text)]];
  }
  return words.map((word) => {
    const equals = word.indexOf('=');
    if (equals < 0) throw wrong(text, `${JSON.stringify(word)} is not NAME=VALUE: quote a value that has blanks`);
    const name = processWord(word.slice(0, equals), env, text);
    if (name === '') throw wrong(text, 'a name is empty');
    return [name, processWord(word.slice(equals + 1), env, text)];
  });
}

/** One that is there keeps its place. */
function withVariables({ Env = [] }: Changeable, pairs: readonly (readonly [string, string])[]): string[] {
  const lines = new Map(Env.map((text) => [text.split('=', 1)[0] ?? '', text]));
  for (const [name, value] of pairs) lines.set(name, `${name}=${value}`);
  return [...lines.values()];
}

/** What other readers of the value throw speaks of flags. */
function reading<T>(text: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw wrong(text, asTsrunError(error).message);
  }
}

function portsOf(instruction: Instruction, config: Changeable): Record<string, object> {
  const words = wordsOf(instruction, config).map((word) => word.toLowerCase());
  const ports = words.flatMap((word) => reading(instruction.text, () => parseExpose(word)));
  return record(ports.map(({ containerPort, protocol }) => [`${containerPort}/${protocol}`, {}]));
}

function signalOf(instruction: Instruction, config: Changeable): string {
  const signal = only(instruction, config);
  reading(instruction.text, () => parseSignal(signal));
  return signal;
}

function volumesOf(instruction: Instruction, config: Changeable): Record<string, object> {
  const paths = listOf(instruction.rest) ?? wordsOf(instruction, config);
  if (paths.length === 0 || paths.some((path) => path.trim() === '')) throw wrong(instruction.text, 'a path is empty');
  return record(paths.map((path) => [path.trim(), {}]));
}

/** A relative one begins at the one that there is. */
function workdirOf(instruction: Instruction, config: Changeable): string {
  const path = processWord(instruction.rest, variablesOf(config), instruction.text);
  const whole = posix.normalize(posix.resolve(posix.resolve('/', config.WorkingDir || '/'), path));
  return whole === '' ? '/' : whole;
}

function triggerOf({ rest, text }: Instruction): string {
  const { name } = parseInstruction(rest);
  if (['ONBUILD', 'FROM', 'MAINTAINER'].includes(name)) throw wrong(text, `${name} cannot be given to ONBUILD`);
  return rest;
}

const TIMES = { interval: 'Interval', timeout: 'Timeout', 'start-period': 'StartPeriod', 'start-interval': 'StartInterval' } as const;
const NANOSECONDS = 1e6;

/** `NONE`, or `[--interval=30s …] CMD command`. */
function healthcheckOf({ rest, text }: Instruction, config: Changeable): ImageHealthcheck {
  const check: ImageHealthcheck = {};
  let left = rest;
  for (let flag = /^--([a-z-]+)=(\S*)\s*/.exec(left); flag !== null; flag = /^--([a-z-]+)=(\S*)\s*/.exec(left)) {
    setFlag(check, flag[1] ?? '', flag[2] ?? '', text);
    left = left.slice(flag[0].length);
  }
  const { name, rest: command } = parseInstruction(left === '' ? '?' : left);
  if (name === 'NONE' && command === '' && Object.keys(check).length === 0) return { Test: ['NONE'] };
  if (name !== 'CMD' || command === '') throw wrong(text, 'HEALTHCHECK takes NONE, or [--interval=TIME …] CMD and a command');
  const list = listOf(command);
  if (list?.length === 0) throw wrong(text, 'the command is empty');
  const shell = config.Shell?.length ? config.Shell : undefined;
  return { Test: list ? ['CMD', ...list] : shell ? ['CMD', ...shell, command] : ['CMD-SHELL', command], ...check };
}

function setFlag(check: ImageHealthcheck, flag: string, value: string, text: string): void {
  if (flag === 'retries') {
    if (!/^[0-9]{1,6}$/.test(value)) throw wrong(text, '--retries takes a number');
    check.Retries = Number(value);
    return;
  }
  if (!Object.hasOwn(TIMES, flag)) throw wrong(text, `there is no --${flag}`);
  const time = parseDuration(value);
  if (time === undefined || (time > 0 && time < 1)) throw wrong(text, `--${flag} takes a time such as 30s, of 1ms at least`);
  check[TIMES[flag as keyof typeof TIMES]] = Math.round(time * NANOSECONDS);
}
